"""Which worker a run needs: a network the declared device, other methods a processor alone."""

from collections.abc import Collection

from django.conf import settings
from django.db.models import Q

from segmentation.models import JobState, Method, SegmentationRun

CPU, GPU = "cpu", "gpu"
ON_A_DEVICE = (Method.CNN,)
"""Kinds of method that compute on the declared device."""


def device_queue() -> str:
    """Return the queue of the declared device."""
    return CPU if settings.SEGMENTATION_DEVICE in settings.DEVICES_WITHOUT_GPU else GPU


def taken_by(queue: str | None) -> Q:
    """Return which runs a worker of a queue takes; None: a command, which takes all.

    Where the device is a processor, one queue has everything. Beside a GPU, what needs none
    does not wait for it, and does not keep it from the networks.
    """
    if queue is None or device_queue() == CPU:
        return Q()
    on_a_device = Q(model_version__method__in=ON_A_DEVICE)
    return on_a_device if queue == GPU else ~on_a_device


def equals_of(run: SegmentationRun) -> Q:
    """Return which runs wait for the same workers as this one."""
    return taken_by(GPU if run.model_version.method in ON_A_DEVICE else CPU)


def waited_for() -> Collection[str]:
    """Return the queues of which a run waits, the device's always: its worker looks by itself."""
    if device_queue() == CPU:
        return [CPU]
    waiting = SegmentationRun.objects.filter(taken_by(CPU), state=JobState.QUEUED)
    return [GPU, CPU] if waiting.exists() else [GPU]
