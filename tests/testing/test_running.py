"""A gateway that runs inside a test."""

import time

import csp
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewaySettings, GatewayStruct, NotRunningError
from csp_gateway.testing import gateway_of, running_gateway


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


@pytest.mark.parametrize("end", ["stop", "die"])
def test_one_that_has_ended_by_then_is_left_alone(end: str) -> None:
    feed = Feed()
    with running_gateway(Gateway(modules=[feed, Dies()], channels=Ch())) as gateway:
        if end == "stop":
            gateway.stop()
        else:
            gateway.channels.send(Ch.counts, Count(n=7))
            while gateway.running:
                time.sleep(0.01)
    assert feed.ended == ["shutdown"]
