import pytest
from django.db import DatabaseError
from django.test import Client

from mldtrial.trial.views import health

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def broker_in_memory(settings):
    settings.CELERY_BROKER_URL = "memory://"


def test_a_live_process_says_so_without_a_database():
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


@pytest.mark.django_db
def test_a_ready_process_says_so():
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "failing": []})


@pytest.mark.django_db
def test_a_missing_broker_is_named(settings):
    settings.CELERY_BROKER_URL = NOWHERE
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["broker"])


@pytest.mark.django_db
def test_a_data_folder_that_cannot_be_written_is_named(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "gone"
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["data folder"])


def test_a_missing_database_is_named(monkeypatch, tmp_path, settings):
    settings.DATA_DIR = tmp_path

    class Down:
        def cursor(self):
            raise DatabaseError("secret host name")

    monkeypatch.setattr(health, "connection", Down())
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])
    assert "secret" not in answer.content.decode()
