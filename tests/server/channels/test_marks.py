"""What a channel's annotation can wear."""

from typing import Annotated

from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.server.channels.marks import Stage


class Order(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    orders: Annotated[ts[Order], Stage()] = None


class More(Ch):
    pass


def test_a_mark_is_found_on_the_declaration_and_inherited() -> None:
    assert Ch.declared["orders"].marks == More.declared["orders"].marks == (Stage(),)
