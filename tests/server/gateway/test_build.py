"""The graph of a gateway, built with what its modules add to the channels."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any, List  # noqa: UP035  # csp reads typing.List

import csp
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes, UnknownChannelError
from csp_gateway.errors import DynamicChannelError

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


class Quote(GatewayStruct):
    price: float


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    venues: dict[str, ts[Quote]] = None


class Adds(GatewayModule):
    """Adds two channels, and ticks them."""

    def dynamic_channels(self) -> dict[str, Any]:
        return {"fast": Quote, "batches": List[Quote]}  # noqa: UP006

    def dynamic_keys(self) -> dict[str, Any]:
        return {Ch.venues: ["x", "y"]}

    def connect(self, channels: Any) -> None:
        one = csp.const(Quote(price=1.0))
        channels.set_channel("fast", one)
        channels.set_channel("batches", csp.collect([one]))
        channels.set_channel(Ch.quotes, one)
        channels.set_channel(Ch.venues, dict.fromkeys(channels.get_channel(Ch.venues), one))


class Reads(GatewayModule):
    names: list[str] = ["fast"]

    def connect(self, channels: Any) -> None:
        for name in self.names:
            csp.add_graph_output(name, channels.get_channel(name))


class Names(GatewayModule):
    """Names a key, and is heard at it."""

    key: str

    def dynamic_keys(self) -> dict[str, Any]:
        return {Ch.venues: [self.key]}

    def connect(self, channels: Any) -> None:
        channels.set_channel(Ch.venues, csp.const(Quote(price=2.0)), self.key)


def run(gateway: Gateway) -> dict[str, Any]:
    return csp.run(gateway.graph, starttime=START, endtime=SECOND)


def test_a_channel_that_one_module_adds_is_read_by_another_in_any_order() -> None:
    for order in permutations([Adds(), Reads(), Reads(names=["batches"]), Names(key="z")]):
        outputs = run(Gateway(channels=Ch(), modules=list(order)))
        assert [value.price for _, value in outputs["fast"]] == [1.0]
        assert [[each.price for each in value] for _, value in outputs["batches"]] == [[1.0]]


def test_a_state_that_one_module_promises_is_got_by_another_in_any_order() -> None:
    class Collects(Adds):
        def dynamic_state_channels(self) -> set[str]:
            return {"fast"}

        def connect(self, channels: Any) -> None:
            super().connect(channels)
            channels.set_state("fast", "price")

    class Asks(GatewayModule):
        def connect(self, channels: Any) -> None:
            assert "fast" in channels.all_state_aliases()
            prices = csp.apply(channels.get_state("fast"), lambda state: [quote.price for quote in state], object)
            csp.add_graph_output("prices", prices)

    for order in permutations([Collects(), Asks()]):
        gateway = Gateway(channels=Ch(), modules=list(order))
        assert [prices for _, prices in run(gateway)["prices"]] == [[1.0]]
        assert gateway.channels.all_state_aliases() == ["fast"]
        assert gateway.channels.state_aliases() == []


def test_the_gateway_has_the_wider_channels_and_the_caller_what_was_given() -> None:
    channels, modules = Ch(region="us"), [Adds(), Reads()]
    gateway = Gateway(channels=channels, modules=modules)
    run(gateway)
    assert type(gateway.channels).__name__ == "ChWithDynamicChannels"
    assert gateway.channels.region == "us"
    assert gateway.channels.fields() == ["region", "quotes", "venues", "fast", "batches"]
    assert channels.fields() == ["region", "quotes", "venues"]
    assert [type(module) for module in modules] == [Adds, Reads]


def test_it_is_widened_once() -> None:
    gateway = Gateway(channels=Ch(), modules=[Adds(), Reads()])
    run(gateway)
    widened = gateway.channels
    assert [value.price for _, value in run(gateway)["fast"]] == [1.0]
    assert gateway.channels is widened


def test_keys_of_all_modules() -> None:
    gateway = Gateway(channels=Ch(), modules=[Names(key="b"), Adds(), Names(key="a"), Names(key="c", disable=True)])
    run(gateway)
    assert list(gateway.channels.keys_for_channel(Ch.venues) or ()) == ["b", "x", "y", "a"]


def test_the_disabled_add_nothing() -> None:
    gateway = Gateway(channels=Ch(), modules=[Adds(disable=True), Reads(names=["quotes"], requires=[])])
    run(gateway)
    assert type(gateway.channels) is Ch
    assert gateway.channels.keys_for_channel(Ch.venues) == {}
    with pytest.raises(UnknownChannelError, match="Ch has no channel 'fast'"):
        run(Gateway(channels=Ch(), modules=[Adds(disable=True), Reads()]))


def test_what_cannot_be_added_leaves_the_gateway_as_it_was() -> None:
    class Wrong(Adds):
        def dynamic_channels(self) -> dict[str, Any]:
            return {"fast": List[Quote]}  # noqa: UP006

    wrong = Wrong()
    gateway = Gateway(channels=Ch(), modules=[Adds(), wrong, Reads()])
    for _ in range(2):
        with pytest.raises(DynamicChannelError, match="Conflicting types for dynamic channel 'fast'"):
            run(gateway)
        with pytest.raises(ValueError, match="Conflicting types"):
            gateway.start(realtime=False, starttime=START, endtime=SECOND)
    wrong.disable = True
    assert [value.price for _, value in run(gateway)["fast"]] == [1.0]


def test_a_connect_that_raises_leaves_the_gateway_able_to_build() -> None:
    class Wrong(GatewayModule):
        def connect(self, channels: Any) -> None:
            channels.get_channel("quots")

    wrong = Wrong()
    gateway = Gateway(channels=Ch(), modules=[Adds(), wrong, Reads()])
    with pytest.raises(UnknownChannelError, match="did you mean 'quotes'"):
        run(gateway)
    wrong.disable = True
    assert [value.price for _, value in run(gateway)["fast"]] == [1.0]


def test_an_added_channel_is_asked_from_outside(run_gateway: Callable[..., Gateway]) -> None:
    gateway = run_gateway(Ch(), Adds(), MountRestRoutes(force_mount_all=True))
    for _ in range(2):
        channels: Any = gateway.channels
        assert channels.last("fast", timeout=10).price == 1.0
        assert {key: value.price for key, value in channels.last("venues", timeout=10).items()} == {"x": 1.0, "y": 1.0}
        gateway.stop()
        gateway.start(block=False)


@pytest.mark.parametrize(
    "until", [START + SECOND / 2, datetime(2024, 1, 1, 2, 0, 0, 500000, tzinfo=timezone(timedelta(hours=2)))]
)
def test_a_time_before_which_nothing_is_heard_is_utc(until: datetime) -> None:
    gateway = Gateway(channels=Ch(), modules=[Adds(), Reads()], block_set_channels_until=until)
    assert run(gateway)["fast"] == []
    gateway.block_set_channels_until = START.replace(tzinfo=UTC)
    assert len(run(gateway)["fast"]) == 1


def test_a_users_own_piece_comes_last_and_sees_what_was_added() -> None:
    gateway = Gateway(channels=Ch(), modules=[Adds()])
    outputs = csp.run(
        lambda: gateway.graph(lambda channels: channels.get_channel("fast")), starttime=START, endtime=SECOND
    )
    assert [value.price for _, value in outputs["user_graph"]] == [1.0]
