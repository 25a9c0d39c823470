"""Every process rings the configured broker, and a bell is heard in its own queue only."""

import socket
import threading
from contextlib import suppress

import pytest
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from mldtrial.celery import app


def test_every_thread_sends_to_the_configured_broker():
    found = []
    thread = threading.Thread(target=lambda: found.append(current_app.conf.broker_url))
    thread.start()
    thread.join()
    assert found == [settings.CELERY_BROKER_URL] == [current_app.conf.broker_url]


@pytest.mark.parametrize("name", ["imaging", "gpu", "cpu", "exports"])
def test_a_bell_is_heard_in_its_own_queue_only(name: str):
    queue = app.amqp.queues[name]
    hearing = {
        other.name
        for other in app.amqp.queues.values()
        if (other.exchange.name, other.routing_key) == (queue.exchange.name, queue.routing_key)
    }
    assert hearing == {name}


def test_a_bell_at_a_broker_that_is_gone_is_tried_twice_and_given_up():
    """Every try more is time that somebody waits for a page."""
    tries = []

    def refuse(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                met, _ = listening.accept()
                tries.append(met.getsockname())
                met.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=refuse, args=[listening], daemon=True).start()
        url = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        with app.connection_for_write(url) as connection, pytest.raises(OperationalError):
            app.send_task(
                "segmentation.tasks.intake_queued", queue="imaging", connection=connection
            )
    assert len(tries) == 2


def test_messages_are_json_and_acknowledged_before_their_work():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_acks_late is False
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_ignore_result is True
