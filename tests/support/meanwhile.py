"""What a worker does while a request is under way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Statements:
    """How many statements a block has sent."""

    count = 0


@contextmanager
def meanwhile(number: int, act: Callable[[], object]) -> Iterator[Statements]:
    """Act once right before the n-th statement of a block, counted from 0, as a worker might.

    The block sees what was done from that statement on: its statements are committed one by one.
    """
    sent = Statements()
    is_acting = False

    def send(execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        nonlocal is_acting
        if is_acting:
            return execute(sql, params, many, context)
        if sent.count == number:
            is_acting = True
            act()
            is_acting = False
        sent.count += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(send):
        yield sent
