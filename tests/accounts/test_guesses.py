"""Guessing: ten wrong ones in a quarter of an hour, whatever the guesser claims to be."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from mldtrial.accounts.addresses import client_address, network_of
from mldtrial.accounts.models import Guess
from mldtrial.accounts.services import guesses
from mldtrial.accounts.services.reauthentication import confirm
from tests.support.codes import code, enrol
from tests.support.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def guess(username: str, typed: str = "wrong", **headers: Any) -> Any:
    return Client().post("/sign-in/", {"username": username, "password": typed}, **headers)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the passwords that are looked at."""
    looked_at: list[str] = []
    user_class = get_user_model()
    original = user_class.check_password

    def check(self: Any, raw: str) -> bool:
        looked_at.append(raw)
        return original(self, raw)

    monkeypatch.setattr(user_class, "check_password", check)
    return looked_at


@pytest.mark.requirement("21CFR11.300")
def test_of_many_guesses_behind_forged_addresses_ten_are_looked_at(
    world: World, evaluated: list[str], settings: Any
):
    for proxies in (0, 1):
        Guess.objects.all().delete()
        evaluated.clear()
        settings.TRUSTED_PROXIES = proxies
        for number in range(60):
            forged = f"10.0.0.{number % 50}"
            seen = forged if not proxies else f"{forged}, 198.51.100.7"
            guess("coordinator", f"guess {number}", headers={"X-Forwarded-For": seen})
        assert len(evaluated) == 10


def test_guessing_many_accounts_from_one_address_is_limited_too(world: World, evaluated: list[str]):
    for name in list(world.users)[:14]:
        guess(name)
    assert len(evaluated) == 10


def test_an_address_has_no_other_ten_accounts_after_the_first(world: World, evaluated: list[str]):
    names = list(world.users)[:14]
    for number in range(12 * len(names)):
        guess(names[number % len(names)])
    assert len(evaluated) == 100


def test_an_account_that_is_guessed_at_again_counts_from_the_last_guess(world: World):
    names = list(world.users)[:11]
    for name in names[:10]:
        guess(name)
    Guess.objects.update(at=timezone.now() - timedelta(minutes=14))
    for name in names[:10]:
        guess(name)
    Guess.objects.filter(about="").update(at=timezone.now() - timedelta(minutes=16))
    assert guess(names[10]).status_code == 429


def test_colleagues_who_mistype_do_not_shut_out_their_clinic(world: World):
    for name in ("monitor", "investigator", "data_manager"):
        for _ in range(10):
            assert guess(name).status_code == 422
    assert guess("coordinator", PASSWORD)["Location"] == "/"


def test_who_mistypes_and_then_gets_in_leaves_no_trace_at_the_address(world: World):
    names = list(world.users)[:12]
    for name in names[:11]:
        assert guess(name).status_code == 422
        assert guess(name, PASSWORD).status_code == 302
    assert guess(names[11]).status_code == 422


def test_the_right_password_does_not_open_a_locked_account(world: World):
    for _ in range(10):
        assert guess("coordinator").status_code == 422
    answer = guess("coordinator", PASSWORD)
    assert answer.status_code == 429
    assert "Nothing is checked for another 15 minutes" in answer.content.decode()


def test_an_unknown_name_is_locked_in_the_same_words(world: World, settings: Any):
    answers = []
    for name in ("coordinator", "nobody-here"):
        Guess.objects.all().delete()
        answers.append([guess(name).status_code for _ in range(11)])
    assert answers[0] == answers[1] == [422] * 10 + [429]


def test_a_lock_ends_after_a_quarter_of_an_hour(world: World):
    for _ in range(10):
        guess("coordinator")
    Guess.objects.update(at=timezone.now() - timedelta(minutes=14))
    assert "another 1 minute;" in guess("coordinator", PASSWORD).content.decode()
    Guess.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert guess("coordinator", PASSWORD)["Location"] == "/"
    assert not Guess.objects.exists()


def test_a_right_guess_is_not_counted_and_frees_no_other(world: World):
    for _ in range(9):
        guess("coordinator")
    for _ in range(3):
        assert guess("coordinator", PASSWORD).status_code == 302
    assert guess("coordinator").status_code == 422
    assert guess("coordinator", PASSWORD).status_code == 429


def test_codes_count_like_passwords(world: World):
    enrol(world.user("coordinator"))
    client = Client()
    client.post("/sign-in/", {"username": "coordinator", "password": PASSWORD})
    wrong = "000000" if code() != "000000" else "111111"
    for _ in range(10):
        assert client.post("/sign-in/second-factor/", {"code": wrong}).status_code == 422
    answer = client.post("/sign-in/second-factor/", {"code": code()})
    assert answer.status_code == 429
    assert client.get("/").status_code == 302


def test_asking_again_is_limited_too(world: World):
    user = world.user("investigator")
    for _ in range(10):
        with pytest.raises(ValidationError, match="not your password"):
            confirm(user=user, password="wrong")
    with pytest.raises(ValidationError, match="Too many wrong attempts") as refusal:
        confirm(user=user, password=PASSWORD)
    # No passkey is asked for there, so none is promised.
    assert "passkey" not in str(refusal.value)


@pytest.mark.requirement("21CFR11.300")
def test_a_stranger_who_guesses_at_a_name_stops_no_signature(world: World):
    for _ in range(10):
        guess("investigator")
    assert guess("investigator", PASSWORD).status_code == 429
    confirm(user=world.user("investigator"), password=PASSWORD)


def test_a_person_who_was_asked_again_too_often_still_signs_in(world: World):
    for _ in range(11):
        with pytest.raises(ValidationError):
            confirm(user=world.user("investigator"), password="wrong")
    assert guess("investigator", PASSWORD).status_code == 302


def test_what_was_typed_is_not_stored(world: World):
    guess("my secret pass phrase")
    assert not Guess.objects.filter(key__contains="secret").exists()
    assert Guess.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_one_by_one():
    def take(_: int) -> bool:
        try:
            guesses.begin(account="ada", address="192.0.2.1")
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(40))) == 10


@pytest.mark.django_db(transaction=True)
def test_a_guess_is_not_taken_inside_a_transaction_that_could_forget_it():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        guesses.begin(account="ada", address="192.0.2.1")
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        guesses.begin_confirmation(user=get_user_model()(username="ada"))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 172.16.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
    ],
)
def test_the_address_is_what_the_outermost_proxy_saw(
    settings: Any, proxies: int, forwarded: str, expected: str
):
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == expected


def test_a_household_is_one_address():
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2::2")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("no address") == "no address"
