#!/usr/bin/env python
"""Run a command of the platform; the embedded database is started when it is needed."""

import os
import sys


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.local")
    from django.core.management import execute_from_command_line

    from mldtrial.embedded.for_commands import database_for
    from mldtrial.embedded.readiness import one_line_unless_ready

    with database_for(sys.argv), one_line_unless_ready(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
