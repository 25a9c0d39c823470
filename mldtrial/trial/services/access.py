"""Log who came in, who was refused, who saw blinded data and who took rows out."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils.crypto import salted_hmac

from mldtrial.accounts.services import refusals
from mldtrial.audit.models import AccessAction, AccessEvent
from mldtrial.audit.services import access_log
from mldtrial.trial import policies
from mldtrial.trial.models import Blinding, Membership, Query, Study

UNKNOWN_NAME_SALT = "mldtrial.trial.sign_in_refused"


def log(
    action: str,
    *,
    by: Any = None,
    study: Study | None = None,
    subject: str = "",
    details: dict[str, Any] | None = None,
) -> AccessEvent:
    """Log an action with the roles that the person holds now.

    Parameters
    ----------
    by : User or None
        The person; None for whoever the audit context names.
    study : Study, optional
        The study it was about; without one the roles of all studies are kept.
    """
    return access_log.record(
        action=action,
        user=by,
        roles=roles_now(by, study),
        study_id=None if study is None else study.pk,
        subject=subject,
        details=details,
    )


def roles_now(user: Any, study: Study | None = None) -> list[str]:
    """Return the roles of a person as an inspector reads them: role, site, study."""
    return sorted(role_text(membership, study) for membership in policies.held(user, study))


def role_text(membership: Membership, study: Study | None = None) -> str:
    """Return a role with its site, and with its study where that is not clear."""
    parts = [membership.role]
    if membership.site is not None:
        parts.append(f"site {membership.site.code}")
    if study is None:
        parts.append(membership.study.code)
    return " ".join(parts)


def log_blinded_view(*, study: Study, by: Any, what: str, subject: str = "") -> None:
    """Log that a person saw loads where they could unblind: in a blinded study, or at a site."""
    is_blinded = study.blinding == Blinding.BLINDED
    if is_blinded or policies.roles(by, study) & set(policies.ENTRY_ROLES):
        log(
            AccessAction.VIEW_SENSITIVE,
            by=by,
            study=study,
            subject=subject,
            details={"what": what},
        )


def log_queries_on_loads(queries: Iterable[Query], *, by: Any, subject: str = "") -> None:
    """Log that a page told a person loads in the words of queries: once for each study."""
    studies = {query.study_id: query.study for query in queries if query.is_on_loads}
    for study in studies.values():
        log_blinded_view(study=study, by=by, what="queries on loads", subject=subject)


def log_membership(membership: Membership, action: str) -> None:
    """Log that a role was granted or has ended."""
    access_log.record(
        action=action,
        study_id=membership.study_id,
        site_id=membership.site_id,
        subject=str(membership.user),
        details={"role": role_text(membership, membership.study), "user": str(membership.user_id)},
    )


def listen() -> None:
    """Hear of every sign-in from the framework, whichever way somebody came in."""
    user_logged_in.connect(_signed_in, dispatch_uid="access_log")
    user_logged_out.connect(_signed_out, dispatch_uid="access_log")
    user_login_failed.connect(_refused, dispatch_uid="access_log")


def _signed_in(user: Any, **_: Any) -> None:
    log(AccessAction.SIGN_IN, by=user)


def _signed_out(user: Any, **_: Any) -> None:
    if user is not None:
        log(AccessAction.SIGN_OUT, by=user)


def _refused(
    credentials: dict[str, Any],
    user: Any = None,
    what: str = refusals.PASSWORD,
    why: str = refusals.WRONG,
    is_confirmation: bool = False,
    **_: Any,
) -> None:
    name = str(credentials.get("username") or "")
    whom = user or get_user_model().objects.filter(username__iexact=name).first()
    details = {"what": what, "why": why}
    if whom is not None:
        action = AccessAction.CONFIRM_FAILED if is_confirmation else AccessAction.SIGN_IN_FAILED
        log(action, by=whom, details=details)
        return
    # A name that nobody has may be a password typed into the wrong field: kept as a hash alone.
    if name:
        digest = salted_hmac(UNKNOWN_NAME_SALT, name, algorithm="sha256").hexdigest()
        details["unknown_name"] = digest[:16]
    access_log.record(
        action=AccessAction.SIGN_IN_FAILED, user_name=access_log.UNKNOWN, details=details
    )
