"""The doorbell between web and workers: messages carry nothing but "look in the queue"."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning
from django.conf import settings
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mldtrial.settings.local")


def _queue(name: str) -> Queue:
    """Return a queue with an exchange of its own: on a shared one every queue hears every bell."""
    return Queue(name, Exchange(name), routing_key=name)


# Messages are JSON and run no code, so a worker of root is no more open than root's web server.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("mldtrial")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    # The row is the truth, so a message is acknowledged before its work: redelivery of
    # long tasks is the sweep's business, not the broker's.
    task_acks_late=False,
    task_reject_on_worker_lost=False,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_publish_retry=False,
    broker_connection_retry_on_startup=True,
    # A person waits while a bell is rung: one more try at once, then the sweep or the page that
    # waits rings again. Workers look for a lost broker by rules of their own.
    broker_transport_options={
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        "max_retries": 1,
        "interval_start": 0.1,
        "interval_max": 0.1,
    },
    worker_soft_shutdown_timeout=30,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    task_queues=[_queue(name) for name in ("imaging", "gpu", "cpu", "exports")],
    task_default_queue="imaging",
    task_create_missing_queues=False,
    enable_utc=True,
    timezone="UTC",
)
# Web requests run in threads; without a default they would send to an application of no settings.
app.set_default()
app.autodiscover_tasks(["segmentation", "analytics"])
