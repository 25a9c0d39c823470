"""Masks that were corrected by hand; it goes back only while no such method is on record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0026_mask_overlaps"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="modelversion",
            name="model_method_known",
        ),
        migrations.AlterField(
            model_name="modelversion",
            name="method",
            field=models.CharField(
                choices=[
                    ("CNN", "nnU-Net"),
                    ("CONVENTIONAL", "conventional"),
                    ("MANUAL", "drawn by hand"),
                    ("CORRECTED", "corrected by hand"),
                    ("TEST", "test method"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="modelversionevent",
            name="method",
            field=models.CharField(
                choices=[
                    ("CNN", "nnU-Net"),
                    ("CONVENTIONAL", "conventional"),
                    ("MANUAL", "drawn by hand"),
                    ("CORRECTED", "corrected by hand"),
                    ("TEST", "test method"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("method__in", ["CNN", "CONVENTIONAL", "MANUAL", "CORRECTED", "TEST"])
                ),
                name="model_method_known",
            ),
        ),
    ]
