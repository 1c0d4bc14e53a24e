"""Structs, channels and gateways that any test can borrow."""

# A channel is declared with the default None, whatever its annotation says.
# mypy: disable-error-code="assignment"

import warnings
from datetime import timedelta
from enum import Enum
from typing import Annotated, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

from csp import ts
from csp.typing import Numpy1DArray
from pydantic import Field

from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway import Gateway
from csp_gateway.server.state import State
from csp_gateway.server.structs import GatewayStruct

__all__ = [
    "MyEnum",
    "MyGateway",
    "MyGatewayChannels",
    "MySmallGateway",
    "MySmallGatewayChannels",
    "MyStruct",
]


class MyEnum(Enum):
    """Keys of baskets."""

    ONE = 1
    TWO = 2


class MyStruct(GatewayStruct):
    """What ticks."""

    foo: float
    time: timedelta
    my_flag: bool = True
    _new: bool


with warnings.catch_warnings():
    # That channels of other types than structs stay in the graph is known: they are here for that.
    warnings.filterwarnings("ignore", message=".*not available over REST", category=UserWarning)

    class MyGatewayChannels(GatewayChannels):
        """Channels of every kind, and static values."""

        my_static: float = 0.0
        my_static_dict: dict[str, float] = Field(default_factory=dict)
        my_static_list: list[str] = Field(default_factory=list)
        my_channel: Annotated[ts[MyStruct], State("id")] = None
        my_list_channel: Annotated[ts[List[MyStruct]], State("id")] = None  # noqa: UP006
        my_enum_basket: Dict[MyEnum, ts[MyStruct]] = None  # noqa: UP006
        my_str_basket: Dict[str, ts[MyStruct]] = None  # noqa: UP006
        my_enum_basket_list: Dict[MyEnum, ts[List[MyStruct]]] = None  # noqa: UP006
        my_array_channel: ts[Numpy1DArray[float]] = None

    class MySmallGatewayChannels(GatewayChannels):
        """One channel of numbers, and a basket of them."""

        example: Annotated[ts[int], State()] = None
        my_str_basket: Dict[str, ts[float]] = None  # noqa: UP006


class MyGateway(Gateway):
    """A gateway with channels of every kind."""

    channels: GatewayChannels = Field(default_factory=MyGatewayChannels)
    channels_model: type[GatewayChannels] = MyGatewayChannels


class MySmallGateway(Gateway):
    """A gateway with few channels."""

    channels: GatewayChannels = Field(default_factory=MySmallGatewayChannels)
    channels_model: type[GatewayChannels] = MySmallGatewayChannels
