"""Who sets, who gets, and what is owed."""

from enum import Enum

import pytest

from csp_gateway.errors import NoProviderException
from csp_gateway.server.channels.ledger import Entry, Ledger, Owner, calling_line, raising_line


class Side(Enum):
    BUY = 1


STRICT = Owner("Strict")
EASY = Owner("Easy", required=frozenset())


def ledger(getters: list[Owner], setters: list[Owner]) -> Ledger:
    made = Ledger()
    made.getters["quotes"] = [Entry(owner, "app.py:7") for owner in getters]
    if setters:
        made.setters["quotes"] = [Entry(owner, "app.py:9") for owner in setters]
    return made


def test_required_by_one_must_be_provided_whatever_optional_readers_there_are() -> None:
    with pytest.raises(NoProviderException, match=r"required node: quotes, required by Strict \(app\.py:7\)"):
        ledger([EASY, STRICT, EASY], []).refuse_debts({"quotes": (None,)}, set())


def test_all_debts_are_named_at_once() -> None:
    made = ledger([STRICT], [])
    made.getters["trades"] = made.getters["quotes"]
    with pytest.raises(NoProviderException, match=r"quotes.*trades"):
        made.refuse_debts({"quotes": (None,), "trades": (None,)}, set())


@pytest.mark.parametrize("made", [ledger([STRICT], [EASY]), ledger([EASY], []), ledger([], [])])
def test_no_debt(made: Ledger) -> None:
    supplied = {("quotes", None)} if "quotes" in made.setters else set()
    made.refuse_debts({"quotes": (None,)}, supplied)


def test_of_a_basket_each_key_that_is_asked_for_is_owed() -> None:
    made = Ledger()
    made.getters["legs"] = [Entry(STRICT, "app.py:7", "x"), Entry(EASY, "app.py:8")]
    made.refuse_debts({"legs": ("x", "y")}, {("legs", "x")})
    with pytest.raises(NoProviderException, match=r"node: legs-x, required by Strict \(app\.py:7\)\."):
        made.refuse_debts({"legs": ("x", "y")}, {("legs", "y")})


def test_many_debts_of_one_basket_are_counted() -> None:
    made = ledger([STRICT], [])
    with pytest.raises(NoProviderException, match=r"quotes-0, .*quotes-4 and 9995 more, required by"):
        made.refuse_debts({"quotes": range(10_000)}, set())


def test_the_graph_names_each_module_once_with_the_key_it_asked_for() -> None:
    made = ledger([STRICT, STRICT], [EASY])
    made.getters["quotes"].append(Entry(STRICT, "app.py:8", Side.BUY))
    assert made.graph(["quotes", "idle"]) == {
        "quotes": {"getters": ["Strict", "Strict<BUY>"], "setters": ["Easy"]},
        "idle": {"getters": [], "setters": []},
    }


def test_the_calling_line_is_the_users() -> None:
    assert calling_line().startswith(f"{__file__}:")


def test_the_line_an_error_came_from_is_the_users() -> None:
    def connect() -> None:
        int("x")

    with pytest.raises(ValueError, match="invalid literal") as raised:
        connect()
    assert raising_line(raised.value, connect).startswith(f"{__file__}:")
    assert raising_line(ValueError(), connect) == "an unknown line"
