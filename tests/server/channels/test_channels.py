"""The one object in front."""

import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import GatewayChannels, GatewayStruct, UnknownChannelError


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    trades: ts[list[Quote]] = None


def test_fields_and_types() -> None:
    assert Ch.fields() == ["region", "quotes", "trades"]
    assert Ch.get_outer_type("quotes") == ts[Quote]
    assert Ch.get_outer_type("region") is str
    with pytest.raises(UnknownChannelError, match="did you mean 'quotes'"):
        Ch.get_outer_type("quote")


def test_a_static_field_is_validated_and_unknown_ones_are_refused() -> None:
    with pytest.raises(ValidationError):
        Ch(region=3)
    with pytest.raises(ValidationError, match="regoin"):
        Ch(regoin="us")


def test_two_objects_share_nothing() -> None:
    first, second = Ch(), Ch()
    first.add_send_channel(Ch.quotes)
    assert (first.sendable(), second.sendable()) == (["quotes"], [])


def test_a_new_build_forgets_the_last() -> None:
    channels = Ch()
    channels.add_send_channel(Ch.quotes)
    channels.renew()
    assert channels.sendable() == []
    assert channels.statistics()["sends"] == {}
    assert channels.drain(0.1) == 0
