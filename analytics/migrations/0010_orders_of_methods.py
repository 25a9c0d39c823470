from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import CASCADE


def remove_orders_of_methods(apps: Any, _schema_editor: Any) -> None:
    """Remove the orders of two methods, which would be orders of a cohort; who waits orders again."""
    apps.get_model("analytics", "IntervalOrder").objects.filter(kind="AGREEMENT").delete()


class Migration(migrations.Migration):
    """Intervals are ordered for two methods side by side as well."""

    dependencies = [
        ("analytics", "0009_orders_of_more_filters"),
        ("segmentation", "0030_caution_of_two_heads"),
    ]

    operations = [
        migrations.RemoveConstraint("intervalorder", "interval_order_once"),
        migrations.AddField(
            model_name="intervalorder",
            name="kind",
            field=models.CharField(
                choices=[
                    ("COHORT", "a part of the cohort"),
                    ("AGREEMENT", "two methods side by side"),
                ],
                default="COHORT",
                max_length=16,
            ),
        ),
        *(
            migrations.AddField(
                model_name="intervalorder",
                name=name,
                field=models.ForeignKey(
                    null=True,
                    on_delete=CASCADE,
                    related_name="+",
                    to="segmentation.modelversion",
                ),
            )
            for name in ("tested", "reference")
        ),
        migrations.AddConstraint(
            "intervalorder",
            models.UniqueConstraint(
                condition=Q(kind="COHORT"),
                fields=["study", "user", "stratum", "subtype", "therapy", "site", "arm"],
                name="interval_order_once",
            ),
        ),
        migrations.AddConstraint(
            "intervalorder",
            models.UniqueConstraint(
                condition=Q(kind="AGREEMENT"),
                fields=["study", "user", "tested", "reference"],
                name="interval_order_once_of_methods",
            ),
        ),
        migrations.AddConstraint(
            "intervalorder",
            models.CheckConstraint(
                condition=Q(kind="COHORT", tested__isnull=True, reference__isnull=True)
                | Q(
                    kind="AGREEMENT",
                    tested__isnull=False,
                    reference__isnull=False,
                    stratum="",
                    subtype="",
                    therapy="",
                    site="",
                    arm="",
                ),
                name="interval_order_of_one_kind",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove_orders_of_methods),
    ]
