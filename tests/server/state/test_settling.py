"""States that are brought up to date for who asks several of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from csp_gateway import GatewayStruct, QueryError, State
from csp_gateway.server.state import settled
from csp_gateway.server.state.database import DATABASE, TableGoneError


class Quote(GatewayStruct):
    symbol: str
    price: float = 0.0


def quotes(*symbols: str) -> State[Quote]:
    state = State[Quote]("symbol")
    for symbol in symbols:
        state.insert(Quote(symbol=symbol))
    return state


def symbols_of(view: str) -> list[str]:
    with DATABASE.cursor() as cursor:
        return [symbol for (symbol,) in cursor.execute(f"select symbol from ({view}) order by symbol").fetchall()]


def test_each_name_has_a_select_of_what_is_there_now() -> None:
    states = {"first": quotes("b", "a"), "second": quotes()}
    assert settled(states, lambda views: {name: symbols_of(view) for name, view in views.items()}) == {
        "first": ["a", "b"],
        "second": [],
    }
    states["second"].insert(Quote(symbol="c"))
    assert settled(states, lambda views: symbols_of(views["second"])) == ["c"]


def test_no_state_is_no_view() -> None:
    assert settled({}, dict) == {}


def test_it_is_asked_again_when_a_table_was_made_anew_meanwhile() -> None:
    state = quotes("a")
    asked: list[str] = []

    def ask(views: Mapping[str, str]) -> list[str]:
        asked.append(views["s"])
        if len(asked) == 1:
            DATABASE.renew()  # as when its limits change
        return symbols_of(views["s"])

    assert settled({"s": state}, ask) == ["a"]
    assert len(set(asked)) == 2


def test_a_state_that_was_closed_meanwhile_is_read_anew() -> None:
    state = quotes("a")
    asked = 0

    def ask(views: Mapping[str, str]) -> list[str]:
        nonlocal asked
        asked += 1
        if asked == 1:
            state.close()
            state.insert(Quote(symbol="b"))
        return symbols_of(views["s"])

    assert settled({"s": state}, ask) == ["a", "b"]
    assert asked == 2


def test_it_gives_up_in_the_end() -> None:
    asked = 0

    def ask(views: Mapping[str, str]) -> Any:
        nonlocal asked
        asked += 1
        DATABASE.renew()
        return symbols_of(views["s"])

    with pytest.raises(TableGoneError):
        settled({"s": quotes("a")}, ask)
    assert asked == 3


def test_what_else_goes_wrong_is_not_tried_again() -> None:
    asked = 0

    def ask(_: Mapping[str, str]) -> Any:
        nonlocal asked
        asked += 1
        raise QueryError("no")

    with pytest.raises(QueryError, match="no"):
        settled({"s": quotes("a")}, ask)
    assert asked == 1


def test_what_holds_no_structs_has_no_table() -> None:
    with pytest.raises(QueryError, match="records of type int have no columns"):
        settled({"numbers": State[int]()}, dict)
