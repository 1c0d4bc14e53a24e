"""The keys of every basket."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, UnknownChannelError, WiringError
from csp_gateway.errors import DynamicChannelError
from csp_gateway.server.gateway.basket_keys import gathered_keys


class Quote(GatewayStruct):
    price: float


class Side(Enum):
    BUY = 1
    SELL = 2


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    by_side: dict[Side, ts[Quote]] = None
    venues: dict[str, ts[Quote]] = None
    levels: dict[int, ts[list[Quote]]] = None
    legs: list[ts[Quote]] = None


class Says(GatewayModule):
    keys: Any = None

    def dynamic_keys(self) -> Any:
        return self.keys


class Other(Says):
    """The same, by another name."""


SIDES = (Side.BUY, Side.SELL)


def gathered(*answers: Any) -> dict[str, tuple[Any, ...]]:
    return gathered_keys(Ch(), [Says(keys=answer) for answer in answers])


def test_every_basket_is_there() -> None:
    assert gathered() == {"by_side": SIDES, "venues": (), "levels": (), "legs": ()}
    assert gathered(None, {}) == gathered()


def test_keys_are_merged_in_order_each_once() -> None:
    keys = gathered({"venues": ["y", "x"], "levels": (1, 0)}, {"venues": {"z": None, "x": None}, "levels": [0, -1]})
    assert keys["venues"] == ("y", "x", "z")
    assert keys["levels"] == (1, 0, -1)


def test_the_channels_object_is_asked_first() -> None:
    class Saying(Ch):
        def dynamic_keys(self) -> Any:
            return {"venues": [f"{self.region}-1"]}

    keys = gathered_keys(Saying(region="us"), [Says(keys={Ch.venues: ["x"]})])
    assert keys["venues"] == ("us-1", "x")


def test_the_disabled_take_no_part() -> None:
    assert gathered_keys(Ch(), [Says(keys={"venues": ["x"]}, disable=True)])["venues"] == ()


def test_what_a_module_answers_is_left_as_it_was() -> None:
    answer = {"venues": ["x"], "legs": 2}
    gathered(answer, {"venues": ["y"]})
    assert answer == {"venues": ["x"], "legs": 2}


@pytest.mark.parametrize("given", [3, range(3), [0, 1, 2], (2, 1, 0), [0, 0, 1, 2], iter([0, 1, 2])])
def test_positions_of_a_basket_by_position(given: Any) -> None:
    assert gathered({"legs": given})["legs"] == (0, 1, 2)


def test_the_longest_answer_wins() -> None:
    assert gathered({"legs": 2}, {"legs": range(4)}, {"legs": [0]}, {"legs": 0})["legs"] == (0, 1, 2, 3)


@pytest.mark.parametrize("given", [-1, [0, 2], [1], [-1, 0], ["x"], "ab", None, 1.5, [[]]])
def test_positions_that_cannot_be(given: Any) -> None:
    with pytest.raises(DynamicChannelError, match=r"Says\.dynamic_keys .*'legs', List\[ts\[Quote\]\], takes how many"):
        gathered({"legs": given})


@pytest.mark.parametrize("key", ["", None, 3, Side.BUY, b"x"])
def test_what_is_no_str_key(key: Any) -> None:
    with pytest.raises(ValueError, match=r"each key of 'venues', Dict\[str, ts\[Quote\]\], is a str that is not empty"):
        gathered({"venues": ["x", key]})


@pytest.mark.parametrize("key", ["", None, "3", 1.0, True, Side.BUY])
def test_what_is_no_int_key(key: Any) -> None:
    with pytest.raises(DynamicChannelError, match=r"each key of 'levels', Dict\[int, .*\], is an int, not"):
        gathered({"levels": [0, key]})


@pytest.mark.parametrize("given", ["xy", b"xy", 3, None])
def test_what_is_no_list_of_keys(given: Any) -> None:
    with pytest.raises(DynamicChannelError, match="'venues' takes a list of keys, not"):
        gathered({"venues": given})


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("venue", UnknownChannelError, "Ch has no basket 'venue'; did you mean 'venues'"),
        ("zzz", UnknownChannelError, "known: by_side, legs, levels, venues"),
        (3, UnknownChannelError, "Ch has no basket 3"),
        ("quotes", DynamicChannelError, r"Ch\.quotes is ts\[Quote\], only a basket has keys"),
        ("region", DynamicChannelError, r"Ch\.region is a static field, only a basket has keys"),
        ("by_side", DynamicChannelError, r"the keys of Ch\.by_side are the members of Side"),
    ],
)
def test_keys_for_what_takes_none(name: Any, kind: type[WiringError], message: str) -> None:
    fine = Says(keys={"venues": ["x"]})
    with pytest.raises(kind, match=rf"Other\.dynamic_keys \(.*test_basket_keys\.py:\d+\): .*{message}"):
        gathered_keys(Ch(), [fine, Other(keys={name: ["x"]})])


def test_any_iterable_will_do() -> None:
    def endless_no_more() -> Iterable[str]:
        yield from ("x", "y")

    assert gathered({"venues": endless_no_more()})["venues"] == ("x", "y")
