"""A database address becomes the settings that Django wants."""

from urllib.parse import urlencode

import pytest
from django.db import connection

from mldtrial.embedded.database_url import NOTHING_IGNORED, django_database


def test_a_tcp_address_gives_host_port_and_decoded_secrets():
    found = django_database("postgresql://app%40x:p%2Fw@db.example.org:5433/trial?sslmode=require")
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"]) == ("app@x", "p/w")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example.org", "5433", "trial")
    assert found["OPTIONS"] == {"sslmode": "require", "options": NOTHING_IGNORED}


def test_a_socket_folder_may_stand_in_the_query():
    found = django_database("postgresql://app@/trial?host=/run/postgresql")
    assert (found["HOST"], found["PORT"], found["PASSWORD"]) == ("/run/postgresql", "", "")
    assert found["OPTIONS"] == {"options": NOTHING_IGNORED}


@pytest.mark.django_db
def test_no_trigger_is_ignored_and_each_finds_that_without_an_error():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pgtrigger.ignore')")
        assert cursor.fetchone() == ("{}",)


def test_an_address_keeps_its_options_and_cannot_have_triggers_ignored():
    options = "-c statement_timeout=5s -c pgtrigger.ignore={chain}"
    found = django_database(f"postgresql://app@/trial?{urlencode({'options': options})}")
    assert found["OPTIONS"]["options"] == f"{options} {NOTHING_IGNORED}"


@pytest.mark.parametrize("url", ["sqlite:///trial.db", "mysql://app@db/trial", "trial", ""])
def test_another_kind_of_database_is_refused(url: str):
    with pytest.raises(ValueError, match="postgresql://"):
        django_database(url)


def test_an_address_without_a_database_is_refused():
    with pytest.raises(ValueError, match="names no database"):
        django_database("postgresql://app@db.example.org/")
