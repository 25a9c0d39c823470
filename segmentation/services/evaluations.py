"""Put on record how a method did on cases whose truth is known."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from mldtrial.trial.models import Study
from segmentation.models import ModelEvaluation, ModelVersion
from segmentation.training.evaluate import CaseResult, summarise


def record_evaluation(
    *, model: ModelVersion, report: Mapping[str, Any], data: str, study: Study | None = None
) -> ModelEvaluation:
    """Record a report of `evaluate_model --json`; the same cases twice are one record.

    Parameters
    ----------
    report : mapping
        With ``cases``; the figures by stratum are computed from them here.
    data : str
        What it was measured on, in words: how many of what, drawn how.
    study : Study, optional
        Whose patients the cases are: only who sees their loads is shown the record then.

    Raises
    ------
    ValidationError
        If the report has no such cases, or nothing says what they are.
    """
    if not data.strip():
        raise ValidationError("Say what the model was measured on.")
    try:
        cases = [CaseResult(**case) for case in report["cases"]]
        summary = _with_refused(summarise(cases), report.get("refused"))
        told = [report["cases"], report.get("refused")]
        content = json.dumps(told, sort_keys=True, allow_nan=False)
    except (KeyError, TypeError, ValueError) as error:
        raise ValidationError("This is no report of evaluate_model --json.") from error
    if not cases:
        raise ValidationError("The report has no case.")
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    known = ModelEvaluation.objects.filter(model_version=model, report_sha256=sha256).first()
    if known is not None:
        return known
    made = ModelEvaluation(
        model_version=model,
        study=study,
        report_sha256=sha256,
        data=data,
        cases=report["cases"],
        summary=summary,
    )
    made.full_clean()
    made.save()
    return made


def _with_refused(
    summary: dict[str, Any], refused: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """Add how many images of each stratum the method refused: the figures are of the others."""
    if refused is None:
        return summary
    counts = Counter(str(one["acq_stratum"]) for one in refused)
    strata = sorted({*summary, *counts})
    return {s: {"n": 0, **summary.get(s, {}), "refused_n": counts[s]} for s in strata}
