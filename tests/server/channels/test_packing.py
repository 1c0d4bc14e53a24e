"""What can be held back from a channel of each kind."""

from typing import Any

import csp
import pytest

from csp_gateway import GatewayStruct
from csp_gateway.errors import UnknownChannelError
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.packing import BasketPacking, ListPacking, PlainPacking, packing_of
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.streams import Streams


class Order(GatewayStruct):
    x: int


class Rush(Order):
    by: str


class Side(csp.Enum):
    BUY = 0
    SELL = 1


A, B = Order(x=1), Order(x=2)

PLAIN = Declaration("orders", Order, Order, False)
LISTED = Declaration("orders", list[Order], Order, True)
SIDES = Declaration("sides", Order, Order, False, container=dict, key_type=Side, keys=tuple(Side))
SIDES_LISTED = Declaration("sides", list[Order], Order, True, container=dict, key_type=Side, keys=tuple(Side))
LANES = Declaration("lanes", Order, Order, False, container=list, key_type=int)


def of(declaration: Declaration) -> PlainPacking:
    return packing_of(declaration, Streams(Schema("Ch", {declaration.name: declaration}), {"lanes": (0, 1, 2)}))


@pytest.mark.parametrize(
    ("declaration", "kind"),
    [
        (PLAIN, PlainPacking),
        (LISTED, ListPacking),
        (SIDES, BasketPacking),
        (SIDES_LISTED, BasketPacking),
        (LANES, BasketPacking),
    ],
)
def test_each_kind_has_its_packing(declaration: Declaration, kind: type) -> None:
    assert type(of(declaration)) is kind


# Kind, what is staged, the items it is, and the ticks they are when they are released together.
STAGED = [
    (PLAIN, A, [A], [A]),
    (PLAIN, Rush(x=1, by="noon", id="7"), [Rush(x=1, by="noon", id="7")], [Rush(x=1, by="noon", id="7")]),
    (LISTED, A, [A], [[A]]),
    (LISTED, [A, B], [A, B], [[A, B]]),
    (LISTED, [], [], []),
    (SIDES, {Side.BUY: A}, [{Side.BUY: A}], [{Side.BUY: A}]),
    (SIDES, {Side.BUY: A, Side.SELL: B}, [{Side.BUY: A, Side.SELL: B}], [{Side.BUY: A, Side.SELL: B}]),
    (SIDES_LISTED, {Side.BUY: [A, B]}, [{Side.BUY: [A, B]}], [{Side.BUY: [A, B]}]),
    (LANES, {2: A}, [{2: A}], [{2: A}]),
    (LANES, [A, None, B], [{0: A, 2: B}], [{0: A, 2: B}]),
]


@pytest.mark.parametrize(("declaration", "value", "items", "ticks"), STAGED)
def test_what_is_staged_and_how_it_ticks(declaration: Declaration, value: Any, items: Any, ticks: Any) -> None:
    packing = of(declaration)
    same = [item.timestamp for item in items if isinstance(item, Rush)]
    made = packing.items_of(value)
    if not same:  # two structs made at two times are not equal
        assert made == items
        assert list(packing.ticks_of(made)) == ticks
    assert len(made) == len(items)


@pytest.mark.parametrize(
    ("declaration", "value", "said"),
    [
        (PLAIN, 3, "channel 'orders' takes Order, got int 3"),
        (PLAIN, [A], "channel 'orders' takes Order, got list"),
        (LISTED, [A, "x"], "channel 'orders' takes Order, got str 'x'"),
        (SIDES, A, "channel 'sides' is a basket, and what is staged in it is a dict of ticks by key"),
        (SIDES, [A], "channel 'sides' is a basket"),
        (SIDES, {}, "with one record at least"),
        (SIDES, {Side.BUY: A, Side.SELL: 3}, "channel 'sides' takes Order, got int 3"),
        (SIDES_LISTED, {Side.BUY: A}, "channel 'sides' takes a list of Order, got Order"),
        (SIDES_LISTED, {Side.BUY: [A, 3]}, "channel 'sides' takes Order, got int 3"),
        (SIDES_LISTED, {Side.BUY: []}, "with one record at least"),
        (LANES, [None, None, None], "a list of ticks, None for no tick"),
        (LANES, A, "channel 'lanes' is a basket"),
    ],
)
def test_what_cannot_be_staged(declaration: Declaration, value: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        of(declaration).items_of(value)


@pytest.mark.parametrize(("declaration", "value"), [(SIDES, {"HOLD": A}), (LANES, {3: A}), (LANES, [A, A, A, A])])
def test_a_basket_takes_only_its_keys(declaration: Declaration, value: Any) -> None:
    with pytest.raises(UnknownChannelError, match="the basket has no key"):
        of(declaration).items_of(value)


@pytest.mark.parametrize(
    ("declaration", "value", "ids"),
    [
        (PLAIN, A, [[A.id]]),
        (PLAIN, A.id, [[A.id]]),
        (LISTED, [A, B.id], [[A.id], [B.id]]),
        (LISTED, A, [[A.id]]),
        (SIDES, {Side.BUY: A, Side.SELL: B}, [[A.id, B.id]]),
        (SIDES, A, [[A.id]]),
        (SIDES_LISTED, {Side.BUY: [A, B]}, [[A.id, B.id]]),
        (LANES, [A, None, B], [[A.id, B.id]]),
    ],
    ids=[f"case{n}" for n in range(8)],  # their structs have other ids in each process
)
def test_what_an_item_is_found_by(declaration: Declaration, value: Any, ids: Any) -> None:
    assert of(declaration).ids_of(value) == ids


@pytest.mark.parametrize("declaration", [PLAIN, LISTED, SIDES, SIDES_LISTED, LANES])
def test_what_has_no_id_finds_nothing(declaration: Declaration) -> None:
    with pytest.raises(TypeError, match="named by its id or by a struct that has it, got int 3"):
        of(declaration).ids_of(3)


@pytest.mark.parametrize(
    ("declaration", "value", "records"),
    [(PLAIN, A, [A]), (SIDES, {Side.BUY: A, Side.SELL: B}, [A, B]), (SIDES_LISTED, {Side.BUY: [A, B]}, [A, B])],
)
def test_the_records_of_an_item(declaration: Declaration, value: Any, records: Any) -> None:
    packing = of(declaration)
    (item,) = packing.items_of(value)
    assert list(packing.records_of(item)) == records


def test_what_was_staged_is_not_changed_from_outside() -> None:
    packing, mine = of(SIDES_LISTED), {Side.BUY: [A]}
    (item,) = packing.items_of(mine)
    mine[Side.BUY].append(B)
    mine[Side.SELL] = [B]
    packing.copy_of(item)[Side.BUY].clear()
    assert item == {Side.BUY: [A]}
