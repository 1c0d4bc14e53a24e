"""What was gathered, written on a thread of its own."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import csp
import pytest
from perspective import Server

from csp_gateway.server.modules.tables.config import TableConfig
from csp_gateway.server.modules.tables.feed import BATCH, Feed
from csp_gateway.server.modules.tables.gather import Gathering
from csp_gateway.server.modules.tables.table import LiveTable

Until = Callable[[Callable[[], Any]], Any]


class N(csp.Struct):
    n: int


def line(name: str, **config: Any) -> tuple[Gathering, LiveTable]:
    complete = TableConfig(**config).completed(name, {}, None, {}, None, {})
    return Gathering(1_000_000), LiveTable(Server().new_local_client(), name, N, complete)


def gather(gathering: Gathering, *ticks: Any) -> None:
    gathering.waiting.extend(ticks)
    gathering.received += len(ticks)


def test_it_writes_every_interval(until: Until) -> None:
    gathering, table = line("t")
    feed = Feed(0.01)
    feed.add(gathering, table)
    feed.start()
    for n in range(3):
        gather(gathering, N(n=n))
        until(lambda written=n + 1: table.written == written)
    feed.stop()


def test_it_writes_early_when_much_waits(until: Until) -> None:
    gathering, table = line("t")
    feed = Feed(3600)
    feed.add(gathering, table)
    feed.start()
    gather(gathering, N(n=1))
    gathering.full.set()
    until(lambda: table.written == 1)
    feed.stop()


def test_stopping_writes_what_waits_and_ends_the_thread() -> None:
    gathering, table = line("t")
    feed = Feed(3600)
    feed.add(gathering, table)
    feed.start()
    gather(gathering, *(N(n=n) for n in range(2 * BATCH + 1)))
    feed.stop()
    assert table.written == 2 * BATCH + 1
    assert "tables" not in {thread.name for thread in threading.enumerate()}
    said = feed.statistics()["t"]
    assert (said["received"], said["waiting"], said["overtaken"], said["lost"]) == (2 * BATCH + 1, 0, 0, 0)
    assert said["last_flush_seconds"] > 0


def test_stopping_what_was_never_started() -> None:
    Feed(1).stop()


def test_an_error_stays_with_its_table_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    broken, broken_table = line("broken")
    sound, sound_table = line("sound")
    feed = Feed(3600)
    feed.add(broken, broken_table)
    feed.add(sound, sound_table)
    broken_table._table.delete()
    gather(broken, *(N(n=n) for n in range(BATCH + 1)))
    gather(sound, N(n=1))
    with caplog.at_level(logging.ERROR):
        feed.start()
        feed.stop()
    assert sound_table.written == 1
    said = feed.statistics()["broken"]
    assert said["lost"] == BATCH + 1
    assert list(said["errors"].values()) == [2]
    assert len(caplog.records) == 1
    assert "'broken'" in caplog.text
