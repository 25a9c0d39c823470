"""Give the patients of before the day from which their schedule has counted so far."""

from django.db import migrations

from mldtrial.audit.context import acting

REASON = "The day of enrolment is a column of its own; it was the first planned visit."


def fill(apps, _schema_editor):
    Patient = apps.get_model("trial", "Patient")
    Visit = apps.get_model("trial", "Visit")
    planned = Visit.objects.filter(definition__isnull=False).order_by("date")
    with acting(origin="migration", reason=REASON):
        for patient in Patient.objects.filter(enrolled_on__isnull=True):
            visits = planned.filter(patient=patient)
            first = visits.filter(definition__target_day=0).first() or visits.first()
            if first is not None:
                Patient.objects.filter(pk=patient.pk).update(enrolled_on=first.date)


class Migration(migrations.Migration):
    dependencies = [("trial", "0007_schedule_with_anchors")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
