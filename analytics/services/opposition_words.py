"""What is said where estimates of one relation point opposite ways, on pages and on paper."""

from dataclasses import dataclass

from analytics.selectors.correlations import Relation
from analytics.selectors.estimates import BY_SUBTYPE, POOLED, WITHIN, SideBySide

READ_GROUPS_FIRST = (
    "Patients of different subtypes and treatments differ in course: read a group's ρ before that "
    "of all subtypes."
)


@dataclass(frozen=True, slots=True)
class Opposed:
    """What is to be said of one stratum; `is_settled` where chance does not have it so."""

    head: str
    body: str
    is_settled: bool


def opposed(found: SideBySide, relation: Relation) -> Opposed | None:
    """Return what is to be said of the estimates of a stratum; None where none oppose.

    Only estimates whose signs differ are named.
    """
    said = found.opposition
    if said is None:
        return None
    if not said.is_settled:
        return Opposed(
            f"{found.stratum}:",
            "the estimates differ in sign, but the interval of one of them reaches across 0, so "
            "that chance may have it so. Read no direction from the estimate over all scans alone; "
            "for the course of the disease, read that within patients.",
            is_settled=False,
        )
    value = found.estimates[said.first].value or 0.0
    this, other = ("rises", "falls") if value > 0 else ("falls", "rises")
    head = f"{found.stratum}: the estimates point opposite ways (Simpson's paradox)."
    noun = relation.noun
    if said.first != POOLED:
        body = (
            f"Among patients of one subtype, the {noun} {this} as the load rises; within patients "
            f"it {other}. Patients differ from each other for other reasons than a patient differs "
            "from one visit to the next. Read the estimate within patients for the course of the "
            "disease."
        )
        return Opposed(head, body, is_settled=True)
    where = [WHERE[name] for name in (BY_SUBTYPE, WITHIN) if name in said.others]
    why, to_read = "", "Read the estimate within patients for the course of the disease."
    if BY_SUBTYPE in said.others:
        why = ", such as their subtype"
        to_read = (
            "Read the estimate within subtypes to compare patients, and that within patients for "
            "the course of the disease."
        )
    body = (
        f"Over all scans, the {noun} {this} as the load rises; {' and '.join(where)} it {other}. "
        f"The estimate over all scans mixes patients who differ in load and in {noun} for other "
        f"reasons{why}: it says nothing of what a rising load means. {to_read}"
    )
    return Opposed(head, body, is_settled=True)


WHERE = {BY_SUBTYPE: "among patients of one subtype", WITHIN: "within patients"}
