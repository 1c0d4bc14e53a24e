"""A channel's name, read on its class."""

import textwrap
import warnings
from typing import Any, Generic, TypeVar

import pytest
from csp import ts
from pydantic import create_model

from csp_gateway import DeclarationError, GatewayChannels, GatewayStruct, UnknownChannelError


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None


def test_a_field_reads_as_its_name_on_the_class() -> None:
    assert Ch.quotes == "quotes"
    assert {Ch.quotes: 1}["quotes"] == 1
    assert "quotes" in dir(Ch)


def test_a_static_field_reads_as_its_value_on_the_object() -> None:
    assert Ch.region == "region"
    assert Ch(region="us").region == "us"


def test_subclasses_redeclare_without_a_warning_and_add() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class More(Ch):
            quotes: ts[Quote] = None
            trades: ts[list[Quote]] = None

        made = create_model("Made", __base__=More, extra=(ts[Quote], None))
    assert (More.quotes, More.trades, More.region) == ("quotes", "trades", "region")
    assert (made.extra, made.quotes) == ("extra", "quotes")


def test_what_is_not_a_field_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = Ch.quote


def test_generic_classes_read_as_their_names_too() -> None:
    kind = TypeVar("kind")

    class Feed(GatewayChannels, Generic[kind]):
        quotes: ts[kind] = None

    class More(Feed[Quote]):
        trades: ts[Quote] = None

    assert (Feed.quotes, Feed[Quote].quotes, More.quotes, More.trades) == ("quotes", "quotes", "quotes", "trades")


@pytest.mark.parametrize("name", [name for name in dir(GatewayChannels) if not name.startswith("_")])
def test_a_channel_cannot_be_called_like_a_method(name: str) -> None:
    with pytest.raises(DeclarationError, match=rf"Bad\.{name}: a channel cannot be called '{name}'"):
        type(GatewayChannels)("Bad", (GatewayChannels,), body_of(name))


def body_of(name: str) -> Any:
    body = type(GatewayChannels).__prepare__("Bad", (GatewayChannels,))
    body["__module__"] = __name__
    body["__annotations__"] = {}
    body["__annotations__"][name] = ts[Quote]
    body[name] = None
    return body


def a_method(_: Any) -> None:
    """What a class body or a mixin may have."""


METHODS = [a_method, property(a_method), classmethod(a_method), staticmethod(a_method)]


@pytest.mark.parametrize("what", [*METHODS, None, 3])
def test_nothing_else_can_be_called_like_an_inherited_channel(what: Any) -> None:
    with pytest.raises(DeclarationError, match=r"Bad\.quotes: 'quotes' is a channel or static field of Ch already"):
        type(GatewayChannels)("Bad", (Ch,), {"__module__": __name__, "quotes": what})


@pytest.mark.parametrize("what", METHODS)
def test_nothing_in_a_mixin_can_be_called_like_an_inherited_channel(what: Any) -> None:
    mixin = type("Mixin", (), {"quotes": what})
    for bases in [(mixin, Ch), (Ch, mixin)]:
        with pytest.raises(DeclarationError, match=r"cannot be called 'quotes', Mixin\.quotes hides it"):
            type(GatewayChannels)("Bad", bases, {"__module__": __name__})


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
@pytest.mark.parametrize("default", ["", " = None"])
def test_a_name_said_twice_is_refused(future: str, default: str) -> None:
    source = future + textwrap.dedent(f"""
        class Twice(GatewayChannels):
            quotes: ts[Quote]{default}
            other: ts[Quote] = None
            quotes: ts[list[Quote]]{default}
    """)
    with pytest.raises(DeclarationError, match="Twice declares 'quotes' twice"):
        exec(source, {"GatewayChannels": GatewayChannels, "ts": ts, "Quote": Quote, "__name__": __name__})


def test_a_property_with_a_setter_is_no_name_said_twice() -> None:
    class Fine(GatewayChannels):
        quotes: ts[Quote] = None

        @property
        def mid(self) -> float:
            return 1.0

        @mid.setter
        def mid(self, value: float) -> None:
            raise AttributeError(value)

    assert Fine().mid == 1.0


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownChannelError, match=r"Ch has no channel 'quote'; did you mean 'quotes'\? \(.*test_names"):
        _ = Ch.quote
    assert not hasattr(Ch, "quote")
