"""GatewayStruct as its user sees it: a csp.Struct, a pydantic face, and a lookup."""

import copy
import pickle
from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts
from pydantic import BaseModel, Field, ValidationError

from csp_gateway.server.structs import GatewayStruct, global_lookup, is_gateway_struct_like

START = datetime(2024, 1, 1)


class Trade(GatewayStruct):
    symbol: str
    size: int = Field(default=100, gt=0)
    tags: list[str] = Field(default_factory=list)


class Block(Trade):
    parts: list[Trade]


@csp.node
def doubled(trade: ts[Trade]) -> ts[Trade]:
    if csp.ticked(trade):
        return Trade(symbol=trade.symbol, size=2 * trade.size)


@csp.graph
def doubling() -> ts[Trade]:
    trades = [Trade(symbol="a", size=n) for n in (1, 2)]
    return doubled(csp.curve(Trade, [(timedelta(seconds=i), trade) for i, trade in enumerate(trades)]))


def test_it_is_a_csp_struct_and_ticks() -> None:
    assert issubclass(Trade, csp.Struct)
    ((_, first), (_, second)) = csp.run(doubling, starttime=START, endtime=START + timedelta(seconds=5))[0]
    assert (first.size, second.size, type(second)) == (2, 4, Trade)
    assert int(first.id) < int(second.id)
    assert Trade.lookup(second.id) is not None
    assert Trade.metadata() == {"id": str, "timestamp": datetime, "symbol": str, "size": int, "tags": [str]}


def test_copies_are_equal_and_keep_their_identity() -> None:
    block = Block(symbol="a", parts=[Trade(symbol="b")])
    for same in (
        block.copy(),
        block.deepcopy(),
        copy.copy(block),
        copy.deepcopy(block),
        pickle.loads(pickle.dumps(block)),
        block.model_copy(),
        block.model_copy(deep=True),
    ):
        assert same == block
        assert (same.id, same.timestamp, type(same)) == (block.id, block.timestamp, Block)
    assert block.model_copy(update={"size": 5}).size == 5
    assert block.size == 100
    assert block.model_copy(deep=True).parts[0] is not block.parts[0]
    assert Block.lookup(block.id) is block
    assert Trade(symbol="a") != Trade(symbol="a")


def test_lookup_is_by_exact_class_and_newest() -> None:
    first, second = Trade(id="same", symbol="a"), Trade(id="same", symbol="b")
    assert Trade.lookup("same") is second
    assert Block.lookup("same") is None
    assert Trade.lookup("nothing") is None
    assert first.symbol == "a"


def test_global_lookup_finds_any_class() -> None:
    old = Trade(id="both", timestamp=START, symbol="a")
    block = Block(id="both", timestamp=START + timedelta(days=1), symbol="b")
    assert global_lookup("both") is block
    assert global_lookup("both", Trade) is old
    assert global_lookup("never") is None


def test_a_class_may_mean_something_else_by_lookup() -> None:
    class Shelf(GatewayStruct):
        n: int = 0

        def lookup(self, place: int) -> int:
            return place

    shelf = Shelf()
    assert global_lookup(shelf.id) is shelf
    assert global_lookup("never") is None


def test_a_class_can_stay_out_of_the_lookup() -> None:
    class Quiet(GatewayStruct):
        x: int = 0

    before = Quiet()
    Quiet.omit_from_lookup()
    during = Quiet()
    Quiet.omit_from_lookup(False)
    assert Quiet.lookup(before.id) is before
    assert Quiet.lookup(during.id) is None
    assert Quiet.included_in_lookup()
    Quiet.limit_lookup(4)
    made = [Quiet() for _ in range(10)]
    assert [Quiet.lookup(each.id) is each for each in made[-2:]] == [True, True]
    assert Quiet.lookup(made[0].id) is None
    assert Quiet.lookup_statistics().limit == 4
    assert Quiet.lookup_statistics().dropped >= 6


def test_the_pydantic_face() -> None:
    trade = Trade.model_validate({"symbol": "a", "size": "5"})
    assert Trade.model_validate_json(trade.model_dump_json()) == trade
    assert trade.model_dump() == {
        "id": trade.id,
        "timestamp": trade.timestamp,
        "symbol": "a",
        "size": 5,
        "tags": [],
    }
    assert '"size": 5' in trade.model_dump_json(indent=1)
    assert Trade.type_adapter() is Trade.type_adapter()
    assert Trade.type_adapter() is not Block.type_adapter()
    assert list(Block.model_fields) == ["id", "timestamp", "symbol", "size", "tags", "parts"]
    assert Block.model_fields["size"].annotation is int
    with pytest.raises(ValidationError, match="Invalid JSON"):
        Trade.model_validate_json('{"symbol":"\ud800"}')
    with pytest.raises(ValidationError, match="valid integer"):
        Trade.model_validate_json('{"size":"5"}', strict=True)


@pytest.mark.parametrize(
    ("kind", "alike"),
    [(Trade, True), (GatewayStruct, True), (csp.Struct, False), (BaseModel, False), (5, False), (list[int], False)],
)
def test_what_is_like_a_gateway_struct(kind: Any, alike: bool) -> None:
    assert is_gateway_struct_like(kind) is alike


def test_a_field_of_any_type_holds_anything() -> None:
    class Holds(GatewayStruct):
        x: Any
        more: dict[str, Any]

    made = [Holds(x=number, more={"a": number}) for number in range(1000)]  # csp alone ends the process here
    assert (made[-1].x, made[-1].more) == (999, {"a": 999})
    assert Holds.model_validate({"x": [1, "a"], "more": {"b": None}}).x == [1, "a"]
    assert Holds.model_validate_json(made[7].model_dump_json()).x == 7
