"""Every process rings the configured broker, and a bell is heard in its own queue only."""

import threading

import pytest
from celery import current_app
from django.conf import settings

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


def test_messages_are_json_and_acknowledged_before_their_work():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_acks_late is False
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_ignore_result is True
