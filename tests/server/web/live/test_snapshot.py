"""What stands, and the offset to go on from: no gap, and nothing twice."""

from datetime import timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule
from csp_gateway.server.channels import Outside
from csp_gateway.server.web.live import snapshot
from csp_gateway.server.web.live.snapshot import newest_ticks, records_of
from tests.server.web.live.parts import Made, Quote, quote


def test_before_the_first_tick_nothing_stands() -> None:
    assert newest_ticks(Made().cell, None, listed=False)[:2] == (0, [])
    assert newest_ticks(Made(keys=("x",)).cell, None, listed=False)[:2] == (0, [])


def test_the_newest_tick_stands_and_of_a_basket_that_of_each_key() -> None:
    plain = Made()
    plain.tick(quote(0))
    plain.tick(last := quote(1))
    assert newest_ticks(plain.cell, None, listed=False)[:2] == (2, [(None, [last])])
    listed = Made(listed=True)
    listed.tick([last, last])
    assert newest_ticks(listed.cell, None, listed=True)[:2] == (1, [(None, [last, last])])
    basket = Made(keys=("x", "y", "z"))
    basket.tick({"y": quote(0)})
    basket.tick({"x": (x := quote(1))})
    basket.tick({"y": (y := quote(2))})
    assert newest_ticks(basket.cell, None, listed=False)[:2] == (3, [("x", [x]), ("y", [y])])
    assert newest_ticks(basket.cell, frozenset("yz"), listed=False)[:2] == (3, [("y", [y])])


class Ch(GatewayChannels):
    quotes: ts[Quote] = None
    several: ts[list[Quote]] = None


class Fast(GatewayModule):
    """Ticks in every cycle, each record with a number of its own, of three symbols."""

    def connect(self, channels: Ch) -> None:
        count = csp.count(csp.timer(timedelta(microseconds=200), True))
        one = csp.apply(count, lambda n: quote(n, "ABC"[n % 3]), Quote)
        both = csp.apply(count, lambda n: [quote(2 * n, "AC"[n % 2]), quote(2 * n + 1, "B")], list[Quote])
        channels.set_channel(Ch.quotes, one)
        channels.set_channel(Ch.several, both)
        for field in (Ch.quotes, Ch.several):
            channels.set_state(field, "symbol")
            channels.expose(field)


@pytest.mark.parametrize(("field", "listed"), [("quotes", False), ("several", True)])
def test_the_records_of_a_state_and_the_ticks_after_them_are_all_there_is(
    run_gateway: Any, field: str, listed: bool
) -> None:
    """While it ticks: the newest record of each symbol is that of the last tick before ``start``."""
    outside: Outside = run_gateway(Ch(), Fast()).channels.outside
    outside.next(field).result(20)
    state, history = outside.state_of(field), outside.history(field)
    assert state is not None
    for _ in range(300):
        start, records, _ = records_of(state, history, listed=listed)
        found = {record.symbol: record.n for _, portion in records for record in portion}
        before = [tick.value for tick in history.since(max(0, start - 8)).ticks if tick.offset < start]
        expected = {record.symbol: record.n for value in before for record in (value if listed else [value])}
        assert expected.items() <= found.items(), (start, found)
        newest = (before[-1][-1] if listed else before[-1]).n
        assert max(found.values()) == newest


def test_many_records_are_told_in_portions(monkeypatch: pytest.MonkeyPatch, run_gateway: Any) -> None:
    monkeypatch.setattr(snapshot, "PORTION", 2)
    outside: Outside = run_gateway(Ch(), Fast()).channels.outside
    state, history = outside.state_of("several"), outside.history("several")
    assert state is not None
    while len(state) < 3:
        outside.next("several").result(20)
    _, records, _ = records_of(state, history, listed=True)
    assert [(key, [record.symbol for record in portion]) for key, portion in records] == [
        (None, ["A", "B"]),
        (None, ["C"]),
    ]
