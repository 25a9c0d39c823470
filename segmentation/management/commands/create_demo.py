"""Create the demonstration study."""

from typing import Any

from django.core.management.base import BaseCommand

from mldtrial.audit.context import acting
from segmentation import tasks
from segmentation.services import demo


class Command(BaseCommand):
    """Create the demonstration study once."""

    help = "Create the demonstration study: made-up patients, phantom images, stored masks."

    def handle(self, *_: Any, **__: Any) -> None:
        """Create it, and ring for the few visits that are segmented live."""
        with acting(origin="command:create_demo", reason="demonstration"):
            study = demo.create_demo()
        if study is None:
            self.stdout.write("The demonstration study is there already.")
            return
        tasks.ring_intake()
        tasks.ring_review()
        self.stdout.write("The demonstration study has been created.")
