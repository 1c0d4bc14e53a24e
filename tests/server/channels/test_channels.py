"""The one object in front."""

import copy
from typing import Any

import csp
import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    StartError,
    UnknownChannelError,
    WiringError,
)


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


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, Ch.model_copy, lambda ch: ch.model_copy(deep=True)])
def test_a_copy_is_wired_on_its_own(twin_of: Any) -> None:
    first = Ch(region="us")
    second = twin_of(first)
    second.add_send_channel(Ch.quotes)
    assert (second.region, second.sendable(), first.sendable()) == ("us", ["quotes"], [])


def test_channels_of_a_gateway_that_runs_are_not_wired_anew(run_gateway: Any) -> None:
    class Door(GatewayModule):
        def connect(self, channels: Ch) -> None:
            channels.add_send_channel(Ch.quotes)

    gateway = run_gateway(Ch(), Door())
    other = Gateway(channels=gateway.channels, modules=[Door()])
    with pytest.raises(StartError, match="its channels belong to another gateway, which runs"):
        other.start(block=False)
    with pytest.raises(WiringError, match="belong to a gateway that runs: give each gateway an object of its own"):
        csp.build_graph(other.graph)
    assert gateway.channels.last("quotes", timeout=10) is None


def test_a_new_build_forgets_the_last() -> None:
    channels = Ch()
    channels.add_send_channel(Ch.quotes)
    channels.renew()
    assert channels.sendable() == []
    assert channels.statistics()["sends"] == {}
    assert channels.drain(0.1) == 0


def test_an_edge_is_set_not_assigned() -> None:
    channels, edge = Ch(), csp.null_ts(Quote)
    for assign in (lambda: setattr(channels, "quotes", edge), lambda: Ch(quotes=edge)):
        with pytest.raises(WiringError, match=r"Ch\.quotes is a channel: use channels\.set_channel\('quotes', edge\)"):
            assign()
    channels.region = "us"
    assert channels.region == "us"
