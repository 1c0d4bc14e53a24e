"""States that are brought up to date for who asks several of them."""

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any

import pytest

from csp_gateway import GatewayStruct, QueryError, State
from csp_gateway.server.state import read_select, run_select, settled
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
    assert settled(states, lambda views, _: {name: symbols_of(view) for name, view in views.items()}) == {
        "first": ["a", "b"],
        "second": [],
    }
    states["second"].insert(Quote(symbol="c"))
    assert settled(states, lambda views, _: symbols_of(views["second"])) == ["c"]


def test_no_state_is_no_view() -> None:
    assert settled({}, lambda views, _: views) == {}


def test_it_is_asked_again_when_a_table_was_made_anew_meanwhile() -> None:
    state = quotes("a")
    asked: list[str] = []

    def ask(views: Mapping[str, str], _: Any) -> list[str]:
        asked.append(views["s"])
        if len(asked) == 1:
            DATABASE.renew()  # as when its limits change
        return symbols_of(views["s"])

    assert settled({"s": state}, ask) == ["a"]
    assert len(set(asked)) == 2


def test_a_state_that_was_closed_meanwhile_is_read_anew() -> None:
    state = quotes("a")
    asked = 0

    def ask(views: Mapping[str, str], begun: Callable[[], None]) -> list[str]:
        nonlocal asked
        asked += 1
        if asked == 1:
            begun()
            state.close()
            state.insert(Quote(symbol="b"))
        return symbols_of(views["s"])

    assert settled({"s": state}, ask) == ["a", "b"]
    assert asked == 2


def test_it_gives_up_in_the_end() -> None:
    asked = 0

    def ask(views: Mapping[str, str], _: Any) -> Any:
        nonlocal asked
        asked += 1
        DATABASE.renew()
        return symbols_of(views["s"])

    with pytest.raises(TableGoneError):
        settled({"s": quotes("a")}, ask)
    assert asked == 3


def test_what_else_goes_wrong_is_not_tried_again() -> None:
    asked = 0

    def ask(*_: Any) -> Any:
        nonlocal asked
        asked += 1
        raise QueryError("no")

    with pytest.raises(QueryError, match="no"):
        settled({"s": quotes("a")}, ask)
    assert asked == 1


def test_what_holds_no_structs_has_no_table() -> None:
    with pytest.raises(QueryError, match="records of type int have no columns"):
        settled({"numbers": State[int]()}, lambda views, _: views)


def test_what_others_write_is_seen_whole_or_not_at_all() -> None:
    many, versions = 25_000, "select distinct price, count(*) as n from s group by 1"
    state, select = State[Quote]("symbol"), read_select(versions, ["s"])

    def inserted(price: float) -> None:
        state.insert_all([Quote(symbol=str(n), price=price) for n in range(many)])

    inserted(0.0)
    begun, written = Event(), Event()

    def other() -> None:
        begun.wait(20)
        inserted(1.0)
        state.settle()  # a piece at a time
        written.set()

    thread = Thread(target=other)
    thread.start()

    def ask(views: Mapping[str, str], go_on: Any) -> Any:
        begun.set()
        assert not written.wait(0.2)

        def after() -> None:
            go_on()
            assert written.wait(20)

        return run_select(select, views, begun=after).to_pylist()

    assert settled({"s": state}, ask) == [{"price": 0.0, "n": many}]
    thread.join(20)
    assert settled({"s": state}, lambda views, _: run_select(select, views).to_pylist()) == [{"price": 1.0, "n": many}]


def test_two_names_of_one_state_and_two_orders_do_not_wait_for_each_other() -> None:
    first, second = quotes("a"), quotes("b")
    answers: list[int] = []

    def ask(*states: State[Quote]) -> None:
        for _ in range(50):
            answers.append(settled({str(n): each for n, each in enumerate(states)}, lambda views, _: len(views)))

    threads = [Thread(target=ask, args=each) for each in ((first, second, first), (second, first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [3] * 100
