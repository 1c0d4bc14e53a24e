"""Intake: messages of another gateway as ticks."""

from __future__ import annotations

from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import GatewayStruct
from csp_gateway.server.channels import Declaration
from csp_gateway.server.channels.kinds import declaration_of
from csp_gateway.server.modules.gateway_mirror.intake import Intake


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Fill(GatewayStruct):
    n: int
    side: Side = Side.BUY


FILL = {"id": "7", "timestamp": "2026-01-02T09:30:00.000125+00:00", "n": 1, "side": "SELL"}


def declared(annotation: Any) -> Declaration:
    declaration = declaration_of("Ch", "fills", annotation)
    assert declaration is not None
    return declaration


def message(*records: Any, key: str | None = None) -> dict[str, Any]:
    return {"channel": "there", "data": list(records)} | ({} if key is None else {"key": key})


def test_a_record_is_read_as_one_of_the_channel_and_keeps_its_identity() -> None:
    (fill,) = Intake(declared(ts[Fill])).ticks(message(FILL))
    assert isinstance(fill, Fill)
    assert (fill.id, fill.n, fill.side) == ("7", 1, Side.SELL)
    assert fill.timestamp.isoformat() == "2026-01-02T09:30:00.000125"


@pytest.mark.parametrize(
    ("annotation", "ticks"), [(ts[Fill], [1, 2]), (ts[list[Fill]], [[1, 2]])], ids=["single", "listed"]
)
def test_records_tick_one_by_one_or_together(annotation: Any, ticks: Any) -> None:
    told = Intake(declared(annotation)).ticks(message({"n": 1}, {"n": 2}))
    assert [[each.n for each in tick] if isinstance(tick, list) else tick.n for tick in told] == ticks


def test_of_a_basket_they_tick_by_key() -> None:
    intake = Intake(declared(dict[Side, ts[Fill]]), list(Side))
    ((key, fill),) = intake.ticks(message({"n": 1}, key="SELL"))[0].items()
    assert (key, fill.n) == (Side.SELL, 1)
    by_place = Intake(declared(list[ts[Fill]]), [0, 1])
    assert list(by_place.ticks(message({"n": 1}, key="1"))[0]) == [1]


def test_what_cannot_be_read_is_left_out_and_counted() -> None:
    intake = Intake(declared(ts[list[Fill]]))
    assert [[each.n for each in tick] for tick in intake.ticks(message({"n": 1}, {"n": "x"}, 5, {"n": 2}))] == [[1, 2]]
    assert intake.unreadable == 2
    assert intake.ticks(message({"m": 1})) == []
    assert intake.unreadable == 3
    assert intake.why == "channel 'fills': m: Extra inputs are not permitted"
    assert intake.ticks(message()) == [[]]
    basket = Intake(declared(dict[Side, ts[Fill]]), list(Side))
    assert basket.ticks(message({"n": 1}, {"n": 2}, key="BYU")) == []
    assert (basket.unreadable, basket.why) == (2, "channel 'fills': there is no key 'BYU'; did you mean 'BUY'?")
    assert basket.ticks(message({"n": 1})) == []
