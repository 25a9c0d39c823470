"""One machine, loopback only: what `make run` uses."""

from mldtrial.settings.base import *  # noqa: F403 - settings modules override by star import

SEGMENTATION_NICE = 10
