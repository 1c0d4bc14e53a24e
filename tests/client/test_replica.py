"""The replica of a state: equal to the real one after every message."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from csp_gateway import GatewayStruct
from csp_gateway.client.replica import Replica
from csp_gateway.server.state import State

START = datetime(2026, 1, 1)
ENDS = {"attr": "n", "by": {"value": 0}}


class Order(GatewayStruct):
    symbol: str
    n: int


def _row(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in ("symbol", "n") if hasattr(order, name)}


def _snapshot(state: State[Order], replica: Replica, offset: int, rng: random.Random) -> None:
    """As the gateway tells it, in a random number of messages; the old records stand until the last."""
    aged = state.max_rows is not None or state.ttl is not None
    pairs = state.by_age() if aged else [(order, None) for order in state]
    cuts = sorted(rng.randint(0, len(pairs)) for _ in range(rng.randrange(3)))
    parts = [part for a, b in zip([0, *cuts], [*cuts, len(pairs)], strict=True) if (part := pairs[a:b])]
    ttl = None if state.ttl is None else state.ttl.total_seconds()
    before = replica.rows
    replica.begin({"keyby": list(state.keyby), "max_rows": state.max_rows, "ttl": ttl}, len(parts))
    for part in parts:
        assert replica.rows is before
        assert not replica.is_whole
        message: dict[str, Any] = {"snapshot": True, "offset": offset, "data": [_row(order) for order, _ in part]}
        if state.ttl is not None:
            message["born"] = [born.isoformat() for _, born in part if born is not None]
        if part is parts[-1]:
            message["next"] = offset + 1
        replica.take(message)
    assert replica.is_whole


@pytest.mark.parametrize("max_rows", [None, 1, 4])
@pytest.mark.parametrize("ttl", [None, 5])
@pytest.mark.parametrize("tombstone", [None, ENDS])
@pytest.mark.parametrize("seed", range(20))
def test_it_equals_the_state_after_every_message(max_rows: Any, ttl: Any, tombstone: Any, seed: int) -> None:
    rng = random.Random(seed)
    state = State[Order]("symbol", max_rows=max_rows, ttl=ttl, tombstone=tombstone)
    replica, now = Replica(), START
    _snapshot(state, replica, 0, rng)
    for offset in range(120):
        now += timedelta(seconds=rng.choice([0.1, 1, 4]))
        orders = [Order(n=rng.randrange(4), symbol=rng.choice("ABCDEFG")) for _ in range(rng.randint(1, 3))]
        if not rng.randrange(5):
            del orders[0].symbol
        state.insert_all(orders)
        state.let_go(now)
        ended = [place for place, order in enumerate(orders) if state.ends is not None and state.ends(order)]
        replica.take(
            {"offset": offset, "time": now.isoformat(), "data": [_row(each) for each in orders], "ended": ended}
        )
        assert {each["n"] for each in replica.rows.values()} == {each.n for each in state}
        assert sorted(map(str, map(_row, state))) == sorted(map(str, replica.rows.values()))
        assert replica.offset == offset
        if not rng.randrange(15):
            _snapshot(state, replica, offset, rng)


def test_keys_are_values_or_tuples_and_what_is_missing_is_none() -> None:
    replica = Replica()
    replica.begin({"keyby": ["leg.venue", "tags"], "max_rows": None, "ttl": None}, 0)
    replica.take({"offset": 0, "data": [{"leg": {"venue": "X"}, "tags": ["a", ["b"]]}, {"leg": None}]})
    assert list(replica.rows) == [("X", ("list", "a", ("list", "b"))), (None, None)]
    replica.take({"offset": 1, "data": [{"leg": None}], "ended": [0]})
    assert len(replica.rows) == 1


def test_time_alone_lets_go_and_readers_keep_their_moment() -> None:
    replica = Replica()
    replica.begin({"keyby": ["symbol"], "max_rows": None, "ttl": 5.0}, 0, 7)
    assert replica.offset == 6
    replica.take({"offset": 0, "time": START.isoformat(), "data": [{"symbol": "A"}]})
    read = replica.rows
    assert replica.let_go(START + timedelta(seconds=4.9)) == 0
    assert replica.let_go(START + timedelta(seconds=5)) == 1
    assert (list(read), list(replica.rows)) == (["A"], [])
