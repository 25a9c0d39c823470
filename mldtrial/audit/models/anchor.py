"""What the database knows of the copies of the chain's head that are kept outside it."""

from django.db import models

from mldtrial.audit.belonging import never_locked


@never_locked("It is machine state.")
class NewestAnchor(models.Model):
    """The anchor that was last written to the file, so that a file that is gone is missed.

    One row; machine state, and so outside the history: an event for each anchor would move the
    head, and so ask for the next anchor.
    """

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="newest_anchor_is_one_row"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"
