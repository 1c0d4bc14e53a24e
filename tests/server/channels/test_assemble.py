"""Each module connected in turn, in its own name."""

from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, UnknownChannelError
from csp_gateway.server.channels import wire_modules


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    quotes: ts[Quote] = None


class Feed(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.set_channel(Ch.quotes, csp.const(Quote(price=1.0)))
        csp.add_graph_output("quotes", channels.get_channel(Ch.quotes))


class Typo(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.get_channel("quots")


def test_one_channels_object_may_be_assembled_again_and_again() -> None:
    channels = Ch()
    for _ in range(3):
        outputs = csp.run(
            lambda: wire_modules(channels, [Feed()]) and None,
            starttime=datetime(2024, 1, 1),
            endtime=timedelta(seconds=1),
        )
        assert [value.price for _, value in outputs["quotes"]] == [1.0]


def test_an_error_says_which_module_raised_it() -> None:
    with pytest.raises(UnknownChannelError) as refused:
        csp.build_graph(lambda: wire_modules(Ch(), [Feed(), Typo()]) and None)
    assert refused.value.__notes__ == ["raised while Typo connected"]


def test_an_unknown_name_in_requires_is_an_error() -> None:
    with pytest.raises(UnknownChannelError, match="did you mean 'quotes'"):
        csp.build_graph(lambda: wire_modules(Ch(), [Feed(requires=["quots"])]) and None)


def test_requires_may_be_declared_as_a_list() -> None:
    class Loose(GatewayModule):
        requires: Any = []

        def connect(self, channels: Ch) -> None:
            channels.get_channel(Ch.quotes)

    csp.build_graph(lambda: wire_modules(Ch(), [Loose()]) and None)
