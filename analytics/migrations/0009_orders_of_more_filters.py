from typing import Any

from django.db import migrations, models


def remove_orders(apps: Any, _schema_editor: Any) -> None:
    """Remove all orders: two of different sites would be one; who waits orders again."""
    apps.get_model("analytics", "IntervalOrder").objects.all().delete()


class Migration(migrations.Migration):
    """Orders of intervals are told apart by therapy, site and arm as well."""

    dependencies = [("analytics", "0008_interval_attempts")]

    operations = [
        migrations.RemoveConstraint("intervalorder", "interval_order_once"),
        migrations.AddField(
            model_name="intervalorder",
            name="therapy",
            field=models.CharField(blank=True, default="", max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="intervalorder",
            name="site",
            field=models.CharField(
                blank=True, default="", help_text="Its code, as in the address.", max_length=32
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="intervalorder",
            name="arm",
            field=models.CharField(
                blank=True, default="", help_text="Empty while arms are not told.", max_length=32
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "intervalorder",
            models.UniqueConstraint(
                fields=["study", "user", "stratum", "subtype", "therapy", "site", "arm"],
                name="interval_order_once",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove_orders),
    ]
