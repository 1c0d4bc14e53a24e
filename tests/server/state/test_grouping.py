"""Groups, and the values made of them."""

import math
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Optional

import pytest

from csp_gateway.server.state.grouping import column_types, grouped, sure_columns
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import Query

NOON = datetime(2026, 1, 1, 12)


class Side(Enum):
    SELL = 1
    BUY = 2


class Leg(GatewayStruct):
    venue: str


class Fill(GatewayStruct):
    symbol: str
    side: Side
    size: int
    price: float
    live: bool
    maybe: Optional[int]  # noqa: UP045  # as users write it
    leg: Leg
    tags: list[str]


FILLS = [
    Fill(symbol="A", side=Side.BUY, size=1, price=1.0, live=True, leg=Leg(venue="x"), timestamp=NOON, tags=["old"]),
    Fill(symbol="A", side=Side.SELL, size=2, price=math.nan, live=False, leg=Leg(), timestamp=NOON.replace(hour=13)),
    Fill(symbol="B", side=Side.BUY, size=2**62, price=4.0, live=True, leg=Leg(venue="x"), timestamp=NOON),
    Fill(symbol="B", size=2**62, price=2.0, live=True, timestamp=NOON, tags=["new"]),
    Fill(symbol="B", price=3.0, timestamp=NOON.replace(hour=11)),
]


def rows(aggregates: Mapping[str, Any], *group_by: str, **rest: Any) -> list[list[Any]]:
    query = Query.of({"group_by": list(group_by), "aggregates": dict(aggregates), **rest})
    return [list(row.values()) for row in grouped(held_against(query, Fill), FILLS)]


@pytest.mark.parametrize(
    ("aggregate", "a", "b"),
    [
        ({"count": "*"}, 2, 3),
        ({"count": "size"}, 2, 2),
        ({"count": "price"}, 1, 3),
        ({"count": "leg.venue"}, 1, 1),
        ({"count": "tags"}, 1, 1),
        ({"sum": "size"}, 3, 2**63),
        ({"sum": "price"}, 1.0, 9.0),
        ({"sum": "live"}, 1, 2),
        ({"sum": "maybe"}, None, None),
        ({"avg": "size"}, 1.5, 2.0**62),
        ({"avg": "price"}, 1.0, 3.0),
        ({"avg": "maybe"}, None, None),
        ({"min": "price"}, 1.0, 2.0),
        ({"max": "size"}, 2, 2**62),
        ({"min": "side"}, Side.BUY, Side.BUY),
        ({"max": "side"}, Side.SELL, Side.BUY),
        ({"max": "timestamp"}, NOON.replace(hour=13), NOON),
        ({"min": "leg.venue"}, "x", "x"),
        ({"last": "price", "by": "size"}, math.nan, 2.0),
        ({"last": "size"}, 2, 2**62),
        ({"last": "tags"}, None, ["new"]),
        ({"quantile": "price", "at": 0.5}, 1.0, 3.0),
        ({"quantile": "price", "at": [0, 0.25, 1]}, [1.0, 1.0, 1.0], [2.0, 2.5, 4.0]),
        ({"quantile": "maybe", "at": 0.5}, None, None),
    ],
    ids=str,
)
def test_a_value_of_each_group(aggregate: Mapping[str, Any], a: Any, b: Any) -> None:
    found = rows({"value": aggregate}, "symbol")
    assert [row[0] for row in found] == ["A", "B"]
    # As text, for NaN equals itself there, and 1 is not 1.0.
    assert [repr(row[1]) for row in found] == [repr(a), repr(b)]


def test_without_groups_all_are_one_and_none_are_one_too() -> None:
    wanted = {"n": {"count": "*"}, "low": {"min": "price"}, "last": {"last": "price"}}
    assert rows(wanted) == [[5, 1.0, pytest.approx(math.nan, nan_ok=True)]]
    asked = held_against(Query.of({"aggregates": wanted}), Fill)
    assert grouped(asked, []) == [{"n": 0, "low": None, "last": None}]
    assert grouped(held_against(Query.of({"group_by": ["symbol"], "aggregates": wanted}), Fill), []) == []


def test_what_is_unset_is_a_group_and_so_is_nan() -> None:
    assert rows({"n": {"count": "*"}}, "side") == [[None, 2], [Side.BUY, 2], [Side.SELL, 1]]
    assert [row[1] for row in rows({"n": {"count": "*"}}, "price")] == [1, 1, 1, 1, 1]
    assert rows({"n": {"count": "*"}}, "symbol", "leg.venue") == [
        ["A", None, 1],
        ["A", "x", 1],
        ["B", None, 2],
        ["B", "x", 1],
    ]


def test_groups_are_ordered_and_paged() -> None:
    by_count = [{"attr": "n", "descending": True}]
    assert rows({"n": {"count": "*"}}, "symbol", order_by=by_count) == [["B", 3], ["A", 2]]
    assert rows({"n": {"count": "*"}}, "symbol", order_by=by_count, limit=1, offset=1) == [["A", 2]]


def test_infinities_are_added_as_python_adds_them() -> None:
    fills = [Fill(price=math.inf), Fill(price=-math.inf), Fill(price=1e308), Fill(price=1e308)]
    asked = held_against(Query.of({"aggregates": {"total": {"sum": "price"}}}), Fill)
    assert math.isnan(grouped(asked, fills)[0]["total"])
    assert grouped(asked, fills[2:])[0]["total"] == math.inf


def test_a_value_of_another_kind_than_declared_is_left_out() -> None:
    asked = held_against(Query.of({"aggregates": {"total": {"sum": "maybe"}, "n": {"count": "maybe"}}}), Fill)
    assert grouped(asked, [Fill(maybe=3), Fill(maybe="4")]) == [{"total": 3, "n": 2}]


def test_each_column_has_a_type() -> None:
    query = {
        "group_by": ["side"],
        "aggregates": {
            "n": {"count": "*"},
            "whole": {"sum": "maybe"},
            "broken": {"sum": "price"},
            "mean": {"avg": "size"},
            "low": {"min": "timestamp"},
            "tags": {"last": "tags"},
            "mid": {"quantile": "size", "at": 0.5},
            "box": {"quantile": "size", "at": [0.5]},
        },
    }
    types = column_types(held_against(Query.of(query), Fill))
    assert list(types.values()) == [Side, int, int, float, float, datetime, list[str], float, list[float]]
    selected = column_types(held_against(Query.of({"select": ["leg.venue", "tags"]}), Fill))
    assert selected == {"leg.venue": str, "tags": list[str]}


def test_columns_that_hold_nothing_but_values_of_their_types() -> None:
    aggregates = {
        "n": {"count": "*"},
        "whole": {"sum": "size"},
        "broken": {"sum": "price"},
        "mean": {"avg": "maybe"},
        "low": {"min": "maybe"},
        "high": {"max": "price"},
        "mid": {"quantile": "maybe", "at": [0.5]},
    }
    asked = held_against(Query.of({"group_by": ["symbol", "maybe"], "aggregates": aggregates}), Fill)
    assert sure_columns(asked, grouped(asked, FILLS[:2])) == {"symbol", "n", "whole", "broken", "mean", "high", "mid"}
    assert "whole" not in sure_columns(asked, grouped(asked, FILLS)), "2**63 has no room in 64 bits"
    selected = held_against(Query.of({"select": ["symbol", "maybe", "leg.venue", "tags"]}), Fill)
    assert sure_columns(selected, []) == {"symbol", "leg.venue", "tags"}
    plain = held_against(Query.of({"aggregates": {"n": {"count": "*"}}}), int)
    assert sure_columns(plain, [{"n": 1}]) == {"n"}
