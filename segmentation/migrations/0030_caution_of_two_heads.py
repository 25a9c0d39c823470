from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0029_scans_set_aside"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="segmentationresult",
            name="result_cautions_known",
        ),
        migrations.AddConstraint(
            model_name="segmentationresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cautions__contained_by",
                        [
                            "T1W_UNUSUAL",
                            "T2W_UNUSUAL",
                            "BRAIN_AT_EDGE",
                            "T2W_INCOMPLETE",
                            "PERHAPS_TWO_HEADS",
                        ],
                    )
                ),
                name="result_cautions_known",
            ),
        ),
    ]
