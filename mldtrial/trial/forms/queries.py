"""Forms of a query: a new one, and each thing that can be said in its thread."""

from collections.abc import Iterable
from typing import Any

from django import forms

from mldtrial.trial.forms.base import Choices, SeenForm, ServiceForm, reason_field
from mldtrial.trial.models import Audience, QueryDisposition, Role, Visit

ROLE, PERSON = "role:", "person:"


class AnswerForm(ServiceForm):
    """The answer to a query."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": "Write an answer."},
    )


class CommentForm(ServiceForm):
    """A remark in the thread, which leaves the state as it is."""

    words = forms.CharField(
        label="Remark",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=4000,
        error_messages={"required": "Write something."},
    )


DUE_TO = {
    QueryDisposition.SEGMENTATION: "the mask is wrong at one of the visits",
    QueryDisposition.ACQUISITION: "movement, an artefact or another fault of the images",
    QueryDisposition.SCANNER: "another scanner, sequence or software measures otherwise",
    QueryDisposition.ATROPHY: "the load falls in mL; its share of the white matter does not",
    QueryDisposition.TREATMENT: "it is what the treatment did",
    QueryDisposition.TRUE: "the load is as measured, and nothing above explains it",
    QueryDisposition.OTHER: "for example a scan under the wrong date or subject; the reason "
    "says what",
}
"""What each disposition means, in a line."""


class CloseForm(ServiceForm):
    """The end of a query; of one on loads, with what it was due to."""

    disposition = forms.ChoiceField(
        label="Due to",
        choices=[
            (code, f"{QueryDisposition(code).label.capitalize()}: {meaning}")
            for code, meaning in DUE_TO.items()
        ],
        widget=Choices(),
        error_messages={
            "required": "Choose what it was due to.",
            "invalid_choice": "Choose one of the list.",
        },
    )
    reason = reason_field("Reason for closing", missing="Give the reason for closing.")

    def __init__(self, *args: Any, is_on_loads: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_on_loads:
            del self.fields["disposition"]


class ReopenForm(ServiceForm):
    """A query that is asked again."""

    reason = reason_field("What is still open?", missing="Say what is still open.")


class AssignForm(SeenForm):
    """Whom a query waits for: a role or one person."""

    RECORD_FIELDS = ("assigned_role", "assigned_to_id")

    assignee = forms.ChoiceField(
        label="Waits for", error_messages={"invalid_choice": "Choose somebody of the list."}
    )

    def __init__(
        self, *args: Any, roles: Iterable[str], people: Iterable[Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {f"{PERSON}{person.pk}": person for person in people}
        self.fields["assignee"].choices = [
            ("Everybody of a role", [(f"{ROLE}{r}", Role(r).label) for r in roles]),
            ("One person", [(key, str(person)) for key, person in self.people.items()]),
        ]

    def values(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        chosen = self.cleaned_data["assignee"]
        if chosen in self.people:
            return {"person": self.people[chosen]}
        return {"role": chosen.removeprefix(ROLE)}


class QueryForm(ServiceForm):
    """A question of a person."""

    visit = forms.ModelChoiceField(
        Visit.objects.none(),
        required=False,
        empty_label="The whole record",
        label="About",
    )
    audience = forms.ChoiceField(
        label="For",
        choices=Audience.choices,
        initial=Audience.SITE,
        widget=Choices(inline=True),
        help_text="The people of the site read a query for the site: name no load in it.",
        error_messages={"invalid_choice": "A query is for the site or for imaging."},
    )
    question = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        help_text="What was expected, what was found, what is to be done.",
        error_messages={"required": "Write the question."},
    )

    def __init__(self, *args: Any, visits: Any, may_ask_imaging: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visit"].queryset = visits
        self.fields["visit"].label_from_instance = lambda visit: f"{visit.name}, {visit.date}"
        self.fields["visit"].always_asked = True
        if not may_ask_imaging:
            del self.fields["audience"]
