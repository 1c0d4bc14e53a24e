"""States that a class declares, and marks that it cannot wear."""

from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.errors import DeclarationError, StateError, StateMarkError
from csp_gateway.server.channels.state_marks import state_aliases, state_marks
from csp_gateway.server.state import State

T = TypeVar("T")

GONE = {"attr": "symbol", "by": {"value": "X"}}


class Side(Enum):
    BUY = 1
    SELL = 2


class Leg(GatewayStruct):
    venue: str


class Quote(GatewayStruct):
    symbol: str
    leg: Leg


class Ch(GatewayChannels):
    plain: ts[Quote] = None
    quotes: Annotated[ts[Quote], State("symbol"), State(("leg.venue", "symbol"), alias="by_venue")] = None
    several: Annotated[ts[list[Quote]], State()] = None
    sides: Annotated[dict[Side, ts[Quote]], State("id", Side.BUY), State("id", indexer=Side.SELL)] = None
    whole: Annotated[dict[str, ts[Quote]], State("symbol"), State("symbol", "x", "only_x")] = None


def test_every_mark_is_a_state_of_its_alias_field_and_key() -> None:
    assert [(alias, field, key) for alias, field, key, _ in state_marks(Ch.declared)] == [
        ("quotes", "quotes", None),
        ("by_venue", "quotes", None),
        ("several", "several", None),
        ("sides", "sides", Side.BUY),
        ("sides", "sides", Side.SELL),
        ("whole", "whole", None),
        ("only_x", "whole", "x"),
    ]
    assert state_aliases(Ch.declared) == ["quotes", "by_venue", "several", "sides", "whole", "only_x"]


def test_no_indexer_is_none_or_empty_and_0_is_one() -> None:
    class Legs(GatewayChannels):
        legs: Annotated[list[ts[Quote]], State("id", "", "all"), State("id", 0, "first")] = None

    assert [(alias, key) for alias, _, key, _ in state_marks(Legs.declared)] == [("all", None), ("first", 0)]


def test_limits_are_of_the_mark() -> None:
    class Short(GatewayChannels):
        quotes: Annotated[ts[Quote], State("symbol", ttl=5, max_rows=9, tombstone=GONE)] = None

    ((_, _, _, mark),) = state_marks(Short.declared)
    assert (mark.ttl, mark.max_rows, mark.tombstone) == (timedelta(seconds=5), 9, GONE)


@pytest.mark.parametrize(
    "limits", [{"ttl": 0}, {"ttl": "x"}, {"max_rows": 0}, {"tombstone": {"attr": "symbol"}}], ids=str
)
def test_limits_that_are_none_are_refused_where_the_mark_is_made(limits: dict[str, Any]) -> None:
    with pytest.raises(StateError):
        State("symbol", **limits)


def test_a_subclass_inherits_and_may_redeclare() -> None:
    class More(Ch):
        quotes: Annotated[ts[Quote], State("id")] = None

    assert state_aliases(More.declared) == ["quotes", "several", "sides", "whole", "only_x"]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (
            Annotated[ts[Quote], State("symbl")],
            r"^Bad\.quotes: a state of Quote: Quote has no attribute 'symbl'; did you mean 'symbol'\?$",
        ),
        (Annotated[ts[Quote], State(("symbol", "leg.venu"))], r"Leg has no attribute 'venu'; did you mean 'venue'\?"),
        (Annotated[ts[list[Quote]], State("symbl")], r"Quote has no attribute 'symbl'"),
        (Annotated[dict[Side, ts[list[Quote]]], State("symbl")], r"Quote has no attribute 'symbl'"),
        (Annotated[ts[Quote], State("id"), State("symbol")], r"^Bad\.quotes: .* 'quotes' is called 'quotes' already"),
        (Annotated[ts[Quote], State("id", alias="a"), State("id", alias="a")], r"'a' already; .* alias=…"),
        (
            Annotated[ts[Quote], State("id", alias="other")],
            r"^Bad\.quotes: a state of 'other' is called 'other' already",
        ),
        (
            Annotated[ts[Quote], State("id", "x")],
            r"^Bad\.quotes: a ts\[Quote\] is not a basket: leave indexer='x' out$",
        ),
        (
            Annotated[ts[Quote], State("id", tombstone={"attr": "symbl", "by": {"value": "X"}})],
            r"^Bad\.quotes: a state of Quote: .*Quote has no attribute 'symbl'; did you mean 'symbol'\?$",
        ),
        (
            Annotated[dict[Side, ts[list[Quote]]], State("id", tombstone={"attr": "symbol", "by": {"value": 1}})],
            r"^Bad\.quotes: a state of Quote: .*with 'symbol': 1 is a number",
        ),
        (Annotated[dict[Side, ts[Quote]], State("id", "BUY")], r"indexer='BUY', but the keys are the members of Side"),
    ],
)
def test_a_mark_that_cannot_be_worn_is_refused_when_the_class_is_made(annotation: Any, message: str) -> None:
    with pytest.raises(StateMarkError, match=message):

        class Bad(GatewayChannels):
            other: Annotated[ts[Quote], State("id")] = None
            quotes: annotation = None

    assert issubclass(StateMarkError, DeclarationError)
    assert issubclass(StateMarkError, ValueError)


def test_a_generic_class_is_held_to_its_marks_once_it_is_settled() -> None:
    class Feed(GatewayChannels, Generic[T]):
        records: Annotated[ts[T], State("symbol")] = None

    assert state_aliases(Feed[Quote].declared) == ["records"]
    with pytest.raises(StateMarkError, match=r"records: a state of Leg: Leg has no attribute 'symbol'"):
        Feed[Leg]
