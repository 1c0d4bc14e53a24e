"""The frozen table of what a class declares."""

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct, UnknownChannelError


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    trades: ts[list[Quote]] = None


def test_it_holds_the_channels_in_declaration_order() -> None:
    assert list(Ch.declared) == ["quotes", "trades"]
    assert len(Ch.declared) == 2
    assert "region" not in Ch.declared


def test_an_unknown_channel_names_the_nearest() -> None:
    with pytest.raises(UnknownChannelError, match="Ch has no channel 'quots'; did you mean 'quotes'"):
        Ch.declared["quots"]


def test_it_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Ch.declared["more"] = Ch.declared["quotes"]


def test_a_channel_without_structs_warns_once() -> None:
    with pytest.warns(UserWarning, match=r"Plain\.numbers carries float.*not available over REST") as warned:

        class Plain(GatewayChannels):
            numbers: ts[float] = None

    assert warned[0].filename == __file__

    class More(Plain):
        quotes: ts[Quote] = None

    assert list(More.declared) == ["numbers", "quotes"]
