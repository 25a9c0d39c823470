import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Tables of what is derived: they have no history, and their rows may go."""

    dependencies = [
        ("analytics", "0006_cohort_reports"),
        ("trial", "0026_plausible_loads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="IntervalEstimate",
            fields=[
                (
                    "key",
                    models.CharField(
                        editable=False, max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("ci_low", models.FloatField(null=True)),
                ("ci_high", models.FloatField(null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why there is no interval.", max_length=200
                    ),
                ),
                ("computed_at", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "indexes": [models.Index(fields=["computed_at"], name="interval_computed_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(key__regex="^[0-9a-f]{64}$"),
                        name="interval_key_is_a_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(ci_high__isnull=False, ci_low__isnull=False, reason="")
                        | (
                            ~models.Q(reason="")
                            & models.Q(ci_high__isnull=True, ci_low__isnull=True)
                        ),
                        name="interval_whole_or_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntervalOrder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stratum", models.CharField(blank=True, max_length=2)),
                ("subtype", models.CharField(blank=True, max_length=16)),
                ("ordered_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="trial.study",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "user", "stratum", "subtype"),
                        name="interval_order_once",
                    )
                ],
            },
        ),
    ]
