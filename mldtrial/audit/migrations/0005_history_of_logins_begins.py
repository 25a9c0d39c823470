"""Write down every login that was there before its history was kept."""

from django.db import migrations
from django.db.models import F

from mldtrial.audit.context import acting


def begin(apps, _schema_editor):
    people = apps.get_model("accounts", "User")
    with acting(origin="migration", reason="The history of logins begins"):
        people.objects.update(session_epoch=F("session_epoch") + 1)


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_history_of_logins")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
