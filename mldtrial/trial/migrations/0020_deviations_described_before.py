"""Say which descriptions of deviations people wrote before that had a column."""

from django.db import migrations

from mldtrial.audit.context import ANONYMOUS, acting

REASON = "Who wrote a description is a column of its own; the history says who it was."
OF_THE_RULE = "The data or the schedule have changed."
"""The reason under which the rule changed its own words, whoever had changed the data."""


def fill(apps, _schema_editor):
    deviations = apps.get_model("trial", "ProtocolDeviation")
    all_events = apps.get_model("trial", "ProtocolDeviationEvent")
    with acting(origin="migration", reason=REASON):
        for deviation in deviations.objects.filter(described_by__isnull=True):
            events = all_events.objects.filter(pgh_obj_id=deviation.pk).order_by("pgh_id")
            person = author(list(events))
            if person is not None:
                deviations.objects.filter(pk=deviation.pk).update(described_by_id=person)


def author(events):
    """Return who wrote the words of the last event, or None for the rule."""
    words, person = None, None
    for place, event in enumerate(events):
        if event.description == words:
            continue
        words, who = event.description, event.pgh_context
        is_rule = event.opened_by_id is None and (place == 0 or who.get("reason") == OF_THE_RULE)
        person = None if is_rule or who["user"] == ANONYMOUS else who["user"]
    return person


class Migration(migrations.Migration):
    dependencies = [("trial", "0019_deviation_described_by")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
