"""What a client wants, held against what the channel is."""

import dataclasses
from typing import Any

import msgspec
import pytest

from csp_gateway.errors import FrameError
from csp_gateway.server.web.live.options import Options, keys_of, options_of
from csp_gateway.server.web.verbs import Shape
from csp_gateway.wire.commands import Follow
from tests.server.web.live.parts import Quote, quote

PLAIN = Shape("quotes", Quote, False)
BASKET = Shape("legs", Quote, False, dict, {"x": "x", "1": 1})


def options(shape: Shape = PLAIN, keyby: tuple[str, ...] | None = None, **wanted: Any) -> Options:
    return options_of(shape, Follow(channel=shape.channel, **wanted), keyby)


@pytest.mark.parametrize(
    ("shape", "wanted", "code", "message"),
    [
        (PLAIN, {"min_interval": -1}, "invalid", "from 0 to 3600 seconds, not -1"),
        (PLAIN, {"min_interval": float("nan")}, "invalid", "not nan"),
        (PLAIN, {"min_interval": 3601}, "invalid", "not 3601"),
        (PLAIN, {"since": 1, "snapshot": True}, "invalid", "two ways to begin"),
        (PLAIN, {"since": -1}, "invalid", "offsets count from 0"),
        (PLAIN, {"fields": []}, "invalid", "fields names none"),
        (PLAIN, {"fields": [f"f{n}" for n in range(1_001)]}, "invalid", "fields names 1,001: at most 1,000"),
        (PLAIN, {"fields": ["symbl"]}, "unknown_field", "fields: .*symbol"),
        (PLAIN, {"fields": ["symbol.x"]}, "unknown_field", "fields: "),
        (PLAIN, {"latest_by": "symbl"}, "unknown_field", "latest_by: .*symbol"),
        (PLAIN, {"where": msgspec.Raw(b'{"attr":"symbl","by":{"value":1}}')}, "invalid_filter", "where.attr: .*symbol"),
        (PLAIN, {"where": msgspec.Raw(b"7")}, "invalid_filter", "where: "),
        (PLAIN, {"key": "x"}, "unknown_key", "is no basket"),
        (BASKET, {"key": "y"}, "unknown_key", "no key 'y'; known: 1, x"),
        (BASKET, {"keys": ["x"] * 100_001}, "invalid", "keys names 100,001: at most 100,000"),
        (BASKET, {"keys": []}, "invalid", "keys names none"),
        (BASKET, {"key": "x", "keys": ["q" * 1000]}, "unknown_key", "q" * 80 + "'"),
    ],
)
def test_what_cannot_be_is_refused(shape: Shape, wanted: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(FrameError, match=message) as refused:
        options(shape, **wanted)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (b'"n > 1"', "where: Input should be an object, such as FILTER, not 'n > 1'"),
        (b'["n > 1"]', "where[0]: Input should be an object, such as FILTER, not 'n > 1'"),
        (b'{"attr":"n"}', "where.by: Field required"),
        (b'{"attr":"m","by":{"value":1}}', "where.attr: Quote has no attribute 'm'; known: id, n, symbol, timestamp"),
        (b'[{"attr":"n","by":{"value":1}},{"attr":"n"}]', "where[1].by: Field required"),
        (b'{"n": 1}', "where: 'n' does not belong here; known: and, attr, by, not, or"),
        (b"n > 1", "where: Input should be JSON, such as FILTER, not n > 1: "),
    ],
)
def test_a_filter_of_another_shape_is_told_how_it_is_written(where: bytes, said: str) -> None:
    with pytest.raises(FrameError) as refused:
        options(where=msgspec.Raw(where))
    assert str(refused.value).startswith(said.replace("FILTER", '{"attr": "price", "by": {"value": 10, "where": ">"}}'))
    assert refused.value.code == "invalid_filter"


def test_keys_are_meant_by_their_spelling() -> None:
    assert keys_of(BASKET, None, None) is None
    assert keys_of(BASKET, 1, ["x"]) == frozenset({1, "x"})
    assert options(BASKET, key="1").keys == frozenset({1})


def test_what_is_said_again_counts_once() -> None:
    wanted = options(fields=["n", "symbol"] * 100_000)
    assert wanted.fields == (("n",), ("symbol",))
    assert wanted.said == options(fields=["n", "symbol"]).said
    assert keys_of(BASKET, None, ["x"] * 100_000) == frozenset("x")


def test_a_basket_of_many_keys_can_be_followed_by_all_of_them() -> None:
    keys = {str(n): n for n in range(100_001)}
    assert keys_of(Shape("legs", Quote, False, dict, keys), None, list(keys)) == frozenset(keys.values())


@pytest.mark.parametrize(
    ("shape", "keyby", "wanted", "policy"),
    [
        (PLAIN, None, {}, "disconnect"),
        (PLAIN, ("symbol",), {}, "conflate"),
        (PLAIN, None, {"latest_by": "symbol"}, "conflate"),
        (BASKET, None, {}, "conflate"),
        (BASKET, None, {"policy": "drop_oldest"}, "drop_oldest"),
    ],
)
def test_what_has_keys_is_conflated_and_what_has_none_is_disconnected(
    shape: Shape, keyby: Any, wanted: dict[str, Any], policy: str
) -> None:
    assert options(shape, keyby, **wanted).policy == policy


def test_records_are_told_apart_by_what_is_said_or_by_their_states_key() -> None:
    one = quote(7, "B")
    said, known = options(keyby=("n",), latest_by="symbol"), options(keyby=("n",))
    assert said.reads is not None
    assert known.reads is not None
    assert (said.reads(one), known.reads(one)) == ("B", 7)
    assert options().reads is None
    assert options(BASKET, keyby=("n",)).reads is None


def test_what_is_made_for_one_alone() -> None:
    where = msgspec.Raw(b'{"attr":"n","by":{"value":1}}')
    assert all(options(**one).own for one in ({"fields": ["n"]}, {"where": where}, {"min_interval": 1}))
    assert options(latest_by="n").conflates
    assert not options(positions=True, format="msgpack", policy="conflate").own
    assert not options(where=msgspec.Raw(b"null")).own


def test_the_same_options_are_said_alike() -> None:
    assert options().said == options(snapshot=True).said
    different = [{"positions": True}, {"fields": ["n"]}, {"min_interval": 1}, {"format": "msgpack"}]
    different += [{"latest_by": "n"}, {"policy": "conflate"}, {"where": msgspec.Raw(b'{"attr":"n","by":{"value":1}}')}]
    assert all(options(**one).said != options().said for one in different)


def test_fields_are_picked_where_they_are() -> None:
    records = b'[{"a":{"b":1,"c":2},"d":3},{"d":4},{"a":null}]'
    picking = options(fields=["n"])
    object.__setattr__(picking, "fields", (("a", "b"), ("d",)))
    assert picking.picked(records) == b'[{"a":{"b":1},"d":3},{"d":4},{}]'
    assert options().picked(records) is records


def test_what_is_picked_is_what_was_written_to_the_last_digit() -> None:
    large, fine = b"1180591620717411303424", b"0.1000000000000000055511151231257827"
    records = b'[{"a":%b,"b":{"c":%b,"d":{"e":-%b,"f":[%b]}},"g":"\\u00e9"}]' % (large, fine, large, large)
    picking = dataclasses.replace(options(), fields=(("a",), ("b", "c"), ("b", "d", "f"), ("b", "d", "x"), ("g", "x")))
    assert picking.picked(records) == b'[{"a":%b,"b":{"c":%b,"d":{"f":[%b]}}}]' % (large, fine, large)
    for fields in ((("b",), ("b", "c")), (("b", "c"), ("b",))):
        both = dataclasses.replace(options(), fields=fields)
        assert both.picked(records) == b'[{"b":{"c":%b,"d":{"e":-%b,"f":[%b]}}}]' % (fine, large, large)
