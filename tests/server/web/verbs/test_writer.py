"""Ticks as JSON, on the event loop or aside."""

import asyncio
import threading
from typing import Any

import pytest

from csp_gateway import GatewayStruct
from csp_gateway.errors import GatewayException
from csp_gateway.server.structs import encode_many
from csp_gateway.server.web.verbs import INLINE_JSON, Shape, Writer
from csp_gateway.server.web.workers import Workers


class Noted(GatewayStruct):
    """A number and a text."""

    n: int = 0
    text: str = ""


WORKERS = Workers()


def writer(listed: bool = True, container: type | None = None) -> Writer:
    return Writer(Shape("noted", Noted, listed, container, {"a": "a", "b": "b"}), WORKERS)


def records(count: int) -> list[Noted]:
    return [Noted(n=n) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 3, 10_000])
def test_it_writes_the_same_here_and_aside(count: int) -> None:
    ours, some = writer(), records(count)
    assert asyncio.run(ours.write_aside(some)) == ours.write(some) == encode_many(some)


def test_what_is_large_is_written_on_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, threads, original = writer(), [], Writer.write

    def seen(*args: Any, **more: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return original(*args, **more)

    monkeypatch.setattr(Writer, "write", seen)
    for some in (records(3), records(10_000)):
        asyncio.run(ours.write_aside(some))
    assert threads[0] == "MainThread"
    assert threads[1].startswith("web-worker")


def test_how_large_is_known_by_its_weight_and_from_those_before() -> None:
    ours = writer(listed=False)
    heavy = Noted(text="x" * INLINE_JSON)
    for _ in range(2):
        assert ours.is_large(heavy)
        assert not ours.is_large(Noted(n=1))
        ours.write(Noted(n=1))
    ours.write(heavy)
    assert ours.is_large(Noted(n=1))
    ours.write(Noted(n=1))
    assert not ours.is_large(Noted(n=1))


def test_sizes_that_alternate_are_not_underrated() -> None:
    ours = writer(listed=False)
    heavy = Noted(text="x" * 10 * INLINE_JSON)
    for _ in range(5):
        ours.write(heavy)
        ours.write(Noted(n=1))
        assert ours.is_large(heavy)
    for _ in range(30):
        ours.write(Noted(n=1))
    assert not ours.is_large(Noted(n=1))


@pytest.mark.parametrize(
    ("listed", "container", "value", "large"),
    [
        (True, None, None, False),
        (True, None, records(1000), True),
        (True, dict, {"a": records(500), "b": records(500)}, True),
        (True, dict, {"a": records(2)}, False),
        (True, list, [None, records(1000)], True),
        (False, dict, {n: Noted(n=n) for n in range(1000)}, True),
        (False, list, [Noted(n=1), None], False),
    ],
)
def test_records_are_counted_through_baskets(listed: bool, container: Any, value: Any, large: bool) -> None:
    assert writer(listed, container).is_large(value) == large


def test_of_one_key_it_is_the_key_s_that_counts() -> None:
    assert writer(True, dict).is_large(records(1000), of_key=True)
    assert not writer(False, dict).is_large(Noted(n=1), of_key=True)


@pytest.mark.parametrize("count", [1, 1000])
def test_what_json_cannot_say_is_an_error(count: int) -> None:
    with pytest.raises(GatewayException, match="object cannot be written as JSON"):
        asyncio.run(writer().write_aside([object()] * count))
