"""MountChannelsGraph."""

from collections.abc import Callable

import csp
import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import GatewayChannels, GatewayModule, GatewaySettings, GatewayStruct, MountChannelsGraph
from csp_gateway.testing import GatewayTestClient

Start = Callable[..., GatewayTestClient]


class Record(GatewayStruct):
    n: int


class Desk(GatewayChannels):
    raw: ts[Record] = None
    fine: ts[Record] = None


class Refine(GatewayModule):
    def connect(self, channels: Desk) -> None:
        channels.add_send_channel(Desk.raw)
        channels.set_channel(Desk.fine, csp.merge(channels.get_channel(Desk.raw), channels.get_channel(Desk.raw)))


GRAPH = {
    "raw": {"getters": ["Refine"], "setters": ["Send[raw]"]},
    "fine": {"getters": [], "setters": ["Refine"]},
}


def test_it_is_the_graph_of_the_channels(gateway_client: Start) -> None:
    client = gateway_client(Desk(), Refine(), MountChannelsGraph())
    assert client.get("/api/v1/channels_graph").json() == client.gateway.channels.graph() == GRAPH
    operation = client.get("/openapi.json").json()["paths"]["/api/v1/channels_graph"]["get"]
    assert (operation["operationId"], operation["tags"]) == ("channels_graph", ["Utility"])


def test_parameters_that_there_are_not_are_refused(gateway_client: Start) -> None:
    client = gateway_client(Desk(), Refine(), MountChannelsGraph())
    answer = client.get("/api/v1/channels_graph?channel=x")
    assert (answer.status_code, "channel: there is no such parameter" in answer.json()["detail"]) == (422, True)
    assert client.get("/api/v1/channels_graph?timeout=1&token=x").json() == GRAPH


def test_its_path_is_chosen(gateway_client: Start) -> None:
    module = MountChannelsGraph(route="who/", api_version="v2")
    assert gateway_client(Desk(), Refine(), module).get("/api/v2/who").json() == GRAPH
    assert module.info(GatewaySettings()) == "graph     /api/v2/who"
    with pytest.raises(ValidationError, match="a path of its own"):
        MountChannelsGraph(route="/")
