"""The lookup keeps the newest structs of a class, never more than its limit."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from csp_gateway.server.structs.lookup import DEFAULT_LIMIT, LookupStatistics, LookupTable

MILLION = """
import psutil
from csp_gateway.server.structs import GatewayStruct

class Thing(GatewayStruct):
    x: int

def resident():
    return psutil.Process().memory_info().rss

Thing(x=1)
before = resident()
for i in range(1_000_000):
    Thing(x=i)
print((resident() - before) // 2**20, Thing.lookup_statistics().dropped)
"""


def filled(limit: int, count: int) -> LookupTable:
    table = LookupTable(limit)
    for i in range(count):
        table.put(str(i), i)
    return table


def test_the_newest_half_of_the_limit_is_always_found_and_never_more_than_the_limit() -> None:
    table = LookupTable(10)
    for i in range(200):
        table.put(str(i), i)
        assert all(table.get(str(n)) == n for n in range(max(0, i - 4), i + 1))
        assert table.statistics().kept <= 10
        assert table.get(str(i - 10)) is None


def test_what_had_to_go_is_counted() -> None:
    told = filled(10, 200).statistics()
    assert told == LookupStatistics(included=True, kept=told.kept, limit=10, dropped=200 - told.kept)
    assert told.kept >= 5


def test_the_struct_put_last_under_an_id_is_meant() -> None:
    table = filled(10, 7)
    table.put("1", "again")
    assert table.get("1") == "again"
    assert table.get("never") is None


def test_the_limit_can_be_changed() -> None:
    table = filled(10, 8)
    table.limit(4)
    assert table.statistics() == LookupStatistics(included=True, kept=0, limit=4, dropped=8)
    with pytest.raises(ValueError, match="omit_from_lookup"):
        table.limit(1)
    assert LookupTable().statistics().limit == DEFAULT_LIMIT


def test_many_threads_may_put() -> None:
    table = LookupTable(100)

    def put(start: int) -> None:
        for i in range(start, start + 5000):
            table.put(str(i), i)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(0, 20_000, 5000)))
    told = table.statistics()
    assert told.kept <= 100 + 4
    assert told.kept + told.dropped == pytest.approx(20_000, abs=8)


def test_a_million_structs_made_and_dropped_leave_nothing_behind() -> None:
    ran = subprocess.run([sys.executable, "-c", MILLION], check=True, capture_output=True, text=True, timeout=50)
    grown, dropped = map(int, ran.stdout.split())
    assert grown < 50
    assert dropped >= 1_000_000 - DEFAULT_LIMIT


def test_what_is_discarded_is_not_found_and_nothing_else_goes() -> None:
    table = LookupTable(limit=4)
    for name in "abc":
        table.put(name, name)
    table.discard("a")
    table.discard("c")
    table.discard("never there")
    assert [table.get(name) for name in "abc"] == [None, "b", None]
