"""A gateway that runs inside a test."""

import time
from collections.abc import Callable
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    NotRunningError,
    ShutdownError,
)
from csp_gateway.testing import gateway_of, running_gateway
from csp_gateway.testing.running import stopped_after


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    counts: ts[Count] = None


class Feed(GatewayModule):
    ended: list[str] = []

    def connect(self, channels: Ch) -> None:
        channels.set_channel(Ch.counts, csp.const(Count(n=1)))
        channels.add_send_channel(Ch.counts)

    def shutdown(self) -> None:
        self.ended.append("shutdown")


class Dies(GatewayModule):
    """Raises at the first tick of 7."""

    @csp.node
    def die(self, counts: ts[Count]):  # type: ignore[no-untyped-def]  # csp's own language
        if csp.ticked(counts) and counts.n == 7:
            raise ZeroDivisionError("of the module's own")

    def connect(self, channels: Ch) -> None:
        self.die(channels.get_channel(Ch.counts))


def test_a_gateway_is_made_of_channels_modules_and_settings() -> None:
    feed, channels = Feed(), Ch()
    gateway, start = gateway_of(channels, feed, TITLE="Desk", PORT=0, ui=True)
    assert gateway.channels is channels
    assert gateway.modules == [feed]
    assert (gateway.settings.TITLE, gateway.settings.PORT) == ("Desk", 0)
    assert start == {"ui": True}


def test_a_gateway_is_taken_as_it_is() -> None:
    made = Gateway(modules=[Feed()], channels=Ch(), settings=GatewaySettings(TITLE="Desk"))
    assert gateway_of(made, ui=True) == (made, {"ui": True})
    with pytest.raises(TypeError, match="a Gateway has its modules and settings already: leave Feed, TITLE out"):
        gateway_of(made, Feed(), TITLE="Other")


def test_a_mistyped_setting_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'TITLE'"):
        gateway_of(Ch(), TITEL="Desk")


def test_it_runs_until_the_block_ends() -> None:
    feed = Feed()
    with running_gateway(Gateway(modules=[feed], channels=Ch())) as gateway:
        gateway.channels.send(Ch.counts, Count(n=2))
        assert gateway.channels.last(Ch.counts, timeout=10).n == 2
        assert not feed.ended
    assert feed.ended == ["shutdown"]
    with pytest.raises(NotRunningError):
        gateway.channels.last(Ch.counts)


def test_it_is_stopped_when_the_block_raises() -> None:
    feed = Feed()
    with pytest.raises(KeyError), running_gateway(Gateway(modules=[feed], channels=Ch())) as gateway:
        raise KeyError
    assert feed.ended == ["shutdown"]
    assert not gateway.running


def die(gateway: Gateway) -> None:
    """Let the engine end by itself, and wait for it."""
    coming = gateway.channels.outside.next(Ch.counts)
    gateway.channels.send(Ch.counts, Count(n=7))
    while gateway.running:
        time.sleep(0.01)
    assert coming.done()


def test_one_that_was_stopped_by_then_is_left_alone() -> None:
    feed = Feed()
    with running_gateway(Gateway(modules=[feed], channels=Ch())) as gateway:
        gateway.stop()
    assert feed.ended == ["shutdown"]


def test_a_node_that_raises_fails_the_test() -> None:
    feed = Feed()
    with (
        pytest.raises(EngineError, match="ZeroDivisionError: of the module's own") as raised,
        running_gateway(Gateway(modules=[feed, Dies()], channels=Ch())) as gateway,
    ):
        die(gateway)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert feed.ended == ["shutdown"]


def test_a_test_that_waits_for_the_failure_says_so() -> None:
    feed = Feed()
    with running_gateway(Gateway(modules=[feed, Dies()], channels=Ch()), may_fail=True) as gateway:
        die(gateway)
    assert feed.ended == ["shutdown"]


@pytest.mark.parametrize("ask", [lambda gateway, handle: gateway.stop(), lambda gateway, handle: handle.join()])
def test_a_test_that_was_told_is_not_told_again(ask: Callable[[Gateway, Any], Any]) -> None:
    gateway = Gateway(modules=[Feed(), Dies()], channels=Ch())
    handle = gateway.start(block=False)
    with stopped_after(gateway):
        die(gateway)
        with pytest.raises(EngineError):
            ask(gateway, handle)


def test_what_the_block_raises_comes_first() -> None:
    def fail() -> None:
        with running_gateway(Gateway(modules=[Feed(), Dies()], channels=Ch())) as gateway:
            die(gateway)
            raise KeyError("of the test's own")

    with pytest.raises(KeyError, match="of the test's own") as raised:
        fail()
    (note,) = raised.value.__notes__
    assert "the gateway came to a bad end: the engine stopped: a node raised ZeroDivisionError" in note


def test_a_shutdown_that_raises_fails_the_test_unless_it_was_told() -> None:
    class Sulks(Feed):
        def shutdown(self) -> None:
            raise ZeroDivisionError("sulks")

    with pytest.raises(ShutdownError, match="sulks"), running_gateway(Gateway(modules=[Sulks()], channels=Ch())):
        pass
    with running_gateway(Gateway(modules=[Sulks()], channels=Ch())) as gateway, pytest.raises(ShutdownError):
        gateway.stop()
