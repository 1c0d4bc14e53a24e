"""Who sets, who gets, and what is owed."""

import pytest

from csp_gateway.errors import NoProviderException
from csp_gateway.server.channels.ledger import Entry, Ledger, Owner, calling_line

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
        ledger([EASY, STRICT, EASY], []).refuse_debts(["quotes"])


def test_all_debts_are_named_at_once() -> None:
    made = ledger([STRICT], [])
    made.getters["trades"] = made.getters["quotes"]
    with pytest.raises(NoProviderException, match=r"quotes.*trades"):
        made.refuse_debts(["quotes", "trades"])


@pytest.mark.parametrize("made", [ledger([STRICT], [EASY]), ledger([EASY], []), ledger([], [])])
def test_no_debt(made: Ledger) -> None:
    made.refuse_debts(["quotes"])


def test_the_calling_line_is_the_users() -> None:
    assert calling_line().startswith(f"{__file__}:")
