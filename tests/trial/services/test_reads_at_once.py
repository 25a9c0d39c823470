"""Two people, or one person in two windows, who sign at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from django.core.exceptions import ValidationError
from django.db import connection

from mldtrial.audit.context import acting
from mldtrial.trial.models import MriSeverityFinal, MriSeverityRead, ReadAssignment
from mldtrial.trial.services import reads
from tests.support.reads import give, items_of
from tests.support.world import build_world


def both_at_once(acts) -> list[str]:
    def run(act):
        try:
            with acting(origin="test"):
                act()
            return "done"
        except ValidationError as error:
            return " ".join(error.messages)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_two_readers_who_sign_at_once_are_settled_once(transactional_db):
    built = build_world()
    first, second = give(built, built.visit_a)
    done = both_at_once(
        [
            lambda: reads.sign_read(assignment=first, items=items_of(10), by=first.reader),
            lambda: reads.sign_read(assignment=second, items=items_of(20), by=second.reader),
        ]
    )
    assert done == ["done", "done"]
    assert MriSeverityFinal.objects.get().status == "ADJUDICATION"
    assert ReadAssignment.objects.filter(role="ADJUDICATOR").count() == 1


def test_a_reader_who_signs_twice_at_once_has_one_read(transactional_db):
    built = build_world()
    first, _ = give(built, built.visit_a)

    def act():
        return reads.sign_read(assignment=first, items=items_of(10), by=first.reader)

    assert sorted(word.split()[0] for word in both_at_once([act, act])) == ["This", "done"]
    assert MriSeverityRead.objects.count() == 1
