"""Modules that any test can borrow: some that set and get channels, and some that do not end well."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# And on the class a channel is its name, whatever its annotation says.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,valid-type,name-defined,arg-type,dict-item"

import threading
import time
from datetime import timedelta
from typing import Any, TypeVar

import csp
import numpy as np
from csp import ts
from csp.impl.wiring.edge import Edge
from pydantic import Field, PrivateAttr

from csp_gateway.server.channels import ChannelSelection
from csp_gateway.server.module import GatewayModule
from csp_gateway.testing.samples import MyEnum, MyGatewayChannels, MySmallGatewayChannels

__all__ = [
    "CspDieModule",
    "LongStartModule",
    "MyDictBasketModule",
    "MyExampleModule",
    "MyGetModule",
    "MyNoTickDictBasket",
    "MySetModule",
    "NeverDieModule",
]

T = TypeVar("T")

_KEYS = ("my_key", "my_key2")


class MySetModule(GatewayModule):
    """Sets every channel of ``MyGatewayChannels``. What it is given is an edge, or a value that ticks at the start."""

    my_data: Any = Field(default=None, description="For `my_channel`, and the first key of each basket.")
    my_data2: Any = Field(default=None, description="For the second key of each basket.")
    my_list_data: Any = Field(default=None, description="For `my_list_channel`, and each key of the basket of lists.")
    by_key: bool = Field(default=True, description="Set baskets key by key, and not as a whole.")

    def dynamic_keys(self) -> dict[str, Any]:
        """Two keys for the basket by name."""
        return {MyGatewayChannels.my_str_basket: _KEYS}

    def connect(self, channels: MyGatewayChannels) -> None:
        """Set them all; what it was given nothing for never ticks."""
        declared = channels.declared
        one = _edge(self.my_data, declared[MyGatewayChannels.my_channel].ticks)
        two = _edge(self.my_data2, declared[MyGatewayChannels.my_channel].ticks)
        several = _edge(self.my_list_data, declared[MyGatewayChannels.my_list_channel].ticks)
        channels.set_channel(MyGatewayChannels.my_channel, one)
        channels.set_channel(MyGatewayChannels.my_list_channel, several)
        channels.set_channel(
            MyGatewayChannels.my_array_channel,
            _edge(np.array([1.0, 2.0]), declared[MyGatewayChannels.my_array_channel].ticks),
        )
        for basket, edges in {
            MyGatewayChannels.my_enum_basket: dict(zip(MyEnum, (one, two), strict=True)),
            MyGatewayChannels.my_str_basket: dict(zip(_KEYS, (one, two), strict=True)),
            MyGatewayChannels.my_enum_basket_list: dict.fromkeys(MyEnum, several),
        }.items():
            if self.by_key:
                for key, edge in edges.items():
                    channels.set_channel(basket, edge, key)
            else:
                channels.set_channel(basket, edges)


class MyGetModule(GatewayModule):
    """Makes every channel of ``MyGatewayChannels`` an output of the graph; requires none of them.

    A channel is an output under its name, a key of a basket as ``my_enum_basket[MyEnum.ONE]`` or
    ``my_str_basket_my_key``.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])

    def connect(self, channels: MyGatewayChannels) -> None:
        """Get them all."""
        for name, declaration in channels.declared.items():
            got = channels.get_channel(name)
            if not declaration.is_basket:
                csp.add_graph_output(name, got)
                continue
            for key, edge in got.items():
                csp.add_graph_output(f"{name}[{key}]" if isinstance(key, MyEnum) else f"{name}_{key}", edge)


class MyExampleModule(GatewayModule):
    """Counts on ``example`` of ``MySmallGatewayChannels``, to which others may send too."""

    interval: timedelta = timedelta(seconds=1)

    def connect(self, channels: MySmallGatewayChannels) -> None:
        """Set the channel and open it."""
        channels.set_channel(MySmallGatewayChannels.example, csp.count(csp.timer(self.interval, True)))
        channels.add_send_channel(MySmallGatewayChannels.example)


class MyDictBasketModule(GatewayModule):
    """Counts on both keys of ``my_str_basket`` of ``MySmallGatewayChannels``, on the second twice as fast."""

    interval: timedelta = timedelta(seconds=1)

    def dynamic_keys(self) -> dict[str, Any]:
        """Two keys."""
        return {MySmallGatewayChannels.my_str_basket: _KEYS}

    def connect(self, channels: MySmallGatewayChannels) -> None:
        """Set both keys."""
        for key, interval in zip(_KEYS, (self.interval, self.interval / 2), strict=True):
            counted = csp.cast_int_to_float(csp.count(csp.timer(interval, True)))
            channels.set_channel(MySmallGatewayChannels.my_str_basket, counted, key)


class MyNoTickDictBasket(GatewayModule):
    """Provides both keys of ``my_str_basket`` of ``MySmallGatewayChannels`` with nothing."""

    def dynamic_keys(self) -> dict[str, Any]:
        """Two keys."""
        return {MySmallGatewayChannels.my_str_basket: _KEYS}

    def connect(self, channels: MySmallGatewayChannels) -> None:
        """Set both keys to edges that never tick."""
        channels.set_channel(MySmallGatewayChannels.my_str_basket, dict.fromkeys(_KEYS, csp.null_ts(float)))


class NeverDieModule(GatewayModule):
    """Does not come to an end: ``shutdown`` waits until ``let_go`` is called."""

    _let_go: threading.Event = PrivateAttr(default_factory=threading.Event)

    def connect(self, channels: Any) -> None:
        """It needs nothing of the graph."""

    def shutdown(self) -> None:
        """Wait."""
        self._let_go.wait()

    def let_go(self) -> None:
        """Let ``shutdown`` come to its end after all, so that no thread is left of the test."""
        self._let_go.set()


class CspDieModule(GatewayModule):
    """Ends the engine with an ``AttributeError``: it asks what ticks for an attribute that it has not."""

    count: int = Field(default=5, description="The tick at which it asks.")
    channel_to_access: str = Field(default="example", description="The channel whose ticks it counts.")
    attribute_to_access: str = Field(default="no_such_attribute", description="The attribute it asks for.")

    @csp.node
    def die(self, x: ts["T"], count: int, attribute: str):
        """Read the attribute of the tick with this number."""
        with csp.state():
            s_count = 0
        if csp.ticked(x):
            s_count += 1
            if s_count == count:
                getattr(x, attribute)

    def connect(self, channels: Any) -> None:
        """Count the ticks of the channel."""
        self.die(channels.get_channel(self.channel_to_access), self.count, self.attribute_to_access)


class LongStartModule(GatewayModule):
    """Takes its time to connect."""

    sleep: float = Field(default=5.0, description="How long, in seconds.")

    def connect(self, channels: Any) -> None:
        """Sleep."""
        time.sleep(self.sleep)


def _edge(given: Any, ticks: Any) -> Edge:
    """An edge as it is; a value as one that ticks once; for None one that never does."""
    if isinstance(given, Edge):
        return given
    if given is None:
        return csp.null_ts(ticks)
    with csp.memoize(False):
        return csp.const.using(T=ticks)(given)
