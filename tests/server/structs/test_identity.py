"""Ids count up for all threads; timestamps are UTC."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from csp_gateway.server.structs import GatewayStruct, get_counter
from csp_gateway.server.structs.identity import Counter, mint_id, utc_now


class Thing(GatewayStruct):
    x: int


class Other(GatewayStruct):
    y: int


def test_ids_are_decimal_and_grow_across_classes() -> None:
    made = [Thing(), Other(), Thing()]
    numbers = [int(each.id) for each in made]
    assert numbers == sorted(numbers)
    assert {len(each.id) for each in made} == {19}
    assert Thing.generate_id() < Other.generate_id()


def test_ids_start_at_the_nanoseconds_since_1970() -> None:
    assert 0 < time.time_ns() - int(mint_id()) < timedelta(days=1).total_seconds() * 1e9


def test_current_is_what_was_given_out_last() -> None:
    counter = Counter(7)
    assert [counter.current(), counter.next(), counter.current(), counter.next()] == [6, 7, 7, 8]
    assert get_counter() is get_counter()


def test_threads_share_no_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: [Thing().id for _ in range(1000)], range(8)))
    assert len({each for part in ids for each in part}) == 8000


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_shares_no_id_with_its_parent() -> None:
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.write(into, "\n".join((Thing().id, mint_id(), Thing.model_validate_json('{"x": 1}').id)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    with open(out) as told:
        os.close(into)
        theirs = told.read().split()
    ours = [Thing().id, mint_id(), Thing.model_validate_json('{"x": 1}').id]
    assert len({*ours, *theirs}) == 6


def test_now_is_utc_and_kept_naive() -> None:
    made = Thing().timestamp
    assert made.tzinfo is None
    assert abs(datetime.now(UTC).replace(tzinfo=None) - made) < timedelta(seconds=5)
    assert utc_now().year == made.year
