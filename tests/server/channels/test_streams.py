"""The streams of one build, and what is said of those that are not there."""

from enum import Enum
from typing import Any, Dict, List  # noqa: UP035  # users write both spellings

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct, UnknownChannelError, WiringError
from csp_gateway.errors import WrongIndexerError
from csp_gateway.server.channels.streams import Streams, is_none, spelled


class Side(Enum):
    BUY = 1
    SELL = 2


class Order(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    limit: float = 1.0
    plain: ts[Order] = None
    sides: Dict[Side, ts[Order]] = None  # noqa: UP006
    venues: Dict[str, ts[Order]] = None  # noqa: UP006
    numbers: Dict[int, ts[Order]] = None  # noqa: UP006
    legs: List[ts[Order]] = None  # noqa: UP006


STREAMS = Streams(Ch.declared, {"venues": ("xetra", "lse"), "numbers": (0, 7), "legs": (0, 1)})


def test_a_key_of_an_enum_is_fixed_and_others_are_given() -> None:
    assert STREAMS.of("plain") == (None,)
    assert STREAMS.of("sides") == tuple(Side)
    assert STREAMS.of("venues") == ("xetra", "lse")
    assert STREAMS.all()[0] == ("plain", None)
    assert len(STREAMS.all()) == 1 + 2 + 2 + 2 + 2


@pytest.mark.parametrize(
    ("field", "key"), [("plain", None), ("plain", ""), ("sides", Side.BUY), ("numbers", 0), ("legs", 1)]
)
def test_what_there_is(field: str, key: Any) -> None:
    assert STREAMS.one(field, key) == (field, key or None if field == "plain" else key)


@pytest.mark.parametrize(
    ("field", "key", "kind", "message"),
    [
        ("venue", "xetra", UnknownChannelError, "no channel 'venue'; did you mean 'venues'"),
        ("limit", None, UnknownChannelError, r"Ch\.limit is a static value, not a channel"),
        ("plain", 0, WrongIndexerError, r"Ch\.plain: a ts\[Order\] is not a basket: leave the indexer 0 out"),
        ("venues", None, WiringError, "which key of the basket\\? Its keys: xetra, lse"),
        ("venues", "xetar", UnknownChannelError, "the basket has no key 'xetar'; did you mean 'xetra'"),
        ("venues", 3, UnknownChannelError, r"no key 3; a key is a str that `dynamic_keys` .*\. Its keys: xetra, lse"),
        ("venues", ["xetra"], UnknownChannelError, r"no key \['xetra'\]"),
        ("sides", "BUY", UnknownChannelError, "no key 'BUY'; a key is a member of Side. Its keys: BUY, SELL"),
        ("numbers", 1, UnknownChannelError, "no key 1; a key is an int"),
        ("numbers", "7", UnknownChannelError, "no key '7'; a key is an int"),
        ("legs", True, UnknownChannelError, "no key True; a key is an int"),
        ("legs", 2, UnknownChannelError, r"Ch\.legs: the basket has no key 2"),
    ],
)
def test_what_there_is_not(field: str, key: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        STREAMS.one(field, key)


def test_who_asked_stands_first() -> None:
    with pytest.raises(UnknownChannelError, match=r"^Desk at line 7: the basket"):
        STREAMS.one("venues", "x", lambda field: "Desk at line 7")


def test_many_keys_are_not_all_named() -> None:
    many = Streams(Ch.declared, {"numbers": tuple(range(10_000))})
    with pytest.raises(WiringError, match=r"8, 9, … 10000 in all$"):
        many.one("numbers")
    with pytest.raises(UnknownChannelError, match="It was given no keys"):
        Streams(Ch.declared, {}).one("venues", "x")


def test_zero_is_an_indexer_and_nothing_is_none() -> None:
    assert [is_none(key) for key in (None, "", 0, False, "x", Side.BUY)] == [True, True, False, False, False, False]


def test_a_stream_in_words() -> None:
    assert [spelled(stream) for stream in (("a", None), ("a", Side.BUY), ("a", 0))] == ["a", "a[BUY]", "a[0]"]
