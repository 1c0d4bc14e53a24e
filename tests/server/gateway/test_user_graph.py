"""A user's function as the last piece of graph."""

from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayStruct


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


@pytest.mark.parametrize(("given", "values"), [(csp.const, [7]), (lambda _: None, [True])])
def test_what_it_returns_is_an_output(given: Any, values: list[Any]) -> None:
    outputs = csp.run(
        Gateway(channels=Ch()).graph, lambda ch: given(7), starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=1)
    )
    assert [value for _, value in outputs["user_graph"]] == values


def test_it_sets_and_gets_channels_like_a_module() -> None:
    def wire(channels: Ch) -> Any:
        channels.set_channel(Ch.a, csp.const(Count(n=3)))
        return channels.get_channel(Ch.a)

    outputs = csp.run(Gateway(channels=Ch()).graph, wire, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=1))
    assert [value.n for _, value in outputs["user_graph"]] == [3]
