"""The doors the outside sends through."""

import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayException,
    GatewayModule,
    GatewayStruct,
    NoProviderException,
    NotRunningError,
    SendRefusedError,
    UnknownChannelError,
)
from csp_gateway.server.channels import door


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    several: ts[list[Count]] = None
    shut: ts[Count] = None


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)
        channels.add_send_channel(Ch.a)
        channels.add_send_channel(Ch.several)
        csp.add_graph_output("a", channels.get_channel(Ch.a))
        csp.add_graph_output("several", channels.get_channel(Ch.several))


def test_what_is_sent_ticks_in_order_and_nothing_is_lost_at_the_end(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Doors())
    for n in range(5_000):
        gateway.channels.send("a", Count(n=n))
    gateway.channels.send("several", [Count(n=1), Count(n=2)])
    outputs = gateway.stop()
    assert [value.n for _, value in outputs["a"]] == list(range(5_000))
    assert [[count.n for count in value] for _, value in outputs["several"]] == [[1, 2]]


def test_threads_may_send_at_once(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Doors())
    threads = [
        threading.Thread(target=lambda: [gateway.channels.send("a", Count(n=1)) for _ in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gateway.channels.statistics()["sends"]["a"]["sent"] == 2_000
    assert len(gateway.stop()["a"]) == 2_000


@pytest.mark.parametrize(
    ("channel", "value", "kind", "message"),
    [
        ("a", 3, TypeError, "channel 'a' takes Count, got int 3"),
        ("a", [Count(n=1)], TypeError, "channel 'a' takes Count, got list"),
        ("several", Count(n=1), TypeError, "channel 'several' takes a list of Count, got Count"),
        ("several", [Count(n=1), "x"], TypeError, "channel 'several' takes Count, got str 'x'"),
        ("shut", Count(n=1), NoProviderException, "call channels.add_send_channel"),
        ("b", Count(n=1), UnknownChannelError, "no channel 'b'"),
    ],
)
def test_what_cannot_be_sent(run_gateway: Any, channel: str, value: Any, kind: type[Exception], message: str) -> None:
    channels = run_gateway(Ch(), Doors()).channels
    with pytest.raises(kind, match=message):
        channels.send(channel, value)


def test_a_value_the_engine_cannot_take_leaves_nothing_behind(run_gateway: Any) -> None:
    with pytest.warns(UserWarning, match="not available over REST"):

        class Numbers(GatewayChannels):
            n: ts[int] = None

    class Door(GatewayModule):
        def connect(self, channels: Numbers) -> None:
            channels.add_send_channel(Numbers.n)

    channels = run_gateway(Numbers(), Door()).channels
    with pytest.raises(OverflowError):
        channels.send("n", 2**70)
    channels.send("n", 7)
    assert channels.last("n", timeout=20) == 7
    assert channels.statistics()["sends"]["n"] == {"sent": 1, "waiting": 0, "refused": 0}


def test_while_it_drains_nothing_more_is_taken(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Doors()).channels
    channels.send("a", Count(n=1))
    assert channels.drain(5) == 0
    with pytest.raises(NotRunningError, match="'a': the gateway is stopping"):
        channels.send("a", Count(n=2))


def test_what_was_accepted_while_others_stop_is_never_lost(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Doors())
    accepted = [0] * 4

    def send(mine: int) -> None:
        while True:
            try:
                gateway.channels.send("a", Count(n=1))
            except NotRunningError:
                return
            accepted[mine] += 1

    threads = [threading.Thread(target=send, args=(mine,)) for mine in range(4)]
    for thread in threads:
        thread.start()
    while sum(accepted) < 2_000:
        pass
    outputs = gateway.stop()
    for thread in threads:
        thread.join()
    assert len(outputs["a"]) == sum(accepted)


def test_others_get_in_between_the_pieces_of_a_long_batch(run_gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = run_gateway(Ch(), Doors())
    channels, others, waiting = gateway.channels, [], []

    def meanwhile(_: float) -> None:
        waiting.append(channels.statistics()["sends"]["a"]["waiting"])
        others.append(channels.outside.send_all("a", [Count(n=-1)], ticked=True))

    monkeypatch.setattr(door, "time", SimpleNamespace(sleep=meanwhile, monotonic=time.monotonic))
    monkeypatch.setattr(door, "_AT_ONCE", 10)
    channels.outside.send_all("a", [Count(n=n) for n in range(35)], ticked=True).result(10)
    for acknowledged in others:
        assert acknowledged.done()
    assert min(waiting) >= 5  # what is still to be queued counts
    assert channels.statistics()["sends"]["a"]["waiting"] == 0
    monkeypatch.undo()
    ticked = [value.n for _, value in gateway.stop()["a"]]
    assert [n for n in ticked if n >= 0] == list(range(35))
    assert [position for position, n in enumerate(ticked) if n < 0] == [10, 21, 32]


def test_a_full_door_refuses_all_or_nothing(run_gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAITING_LIMIT", 10)
    held = threading.Event()

    class Busy(Doors):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("held", csp.apply(channels.get_channel(Ch.a), lambda _: held.wait(10), bool))

    channels = run_gateway(Ch(), Busy()).channels
    channels.outside.send_all("a", [Count(n=n) for n in range(10)])
    with pytest.raises(SendRefusedError, match="wait for the engine, which takes 10 at most"):
        channels.outside.send_all("a", [Count(n=n) for n in range(8)])
    assert channels.statistics()["sends"]["a"]["refused"] == 8
    held.set()


def test_an_engine_that_has_failed_is_not_waited_for(run_gateway: Any) -> None:
    class Dies(Doors):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("dies", csp.apply(channels.get_channel(Ch.a), lambda _: 1 // 0, int))

    gateway = run_gateway(Ch(), Dies())
    channels = gateway.channels
    channels.send("a", Count(n=1))
    while channels.outside.running:
        time.sleep(0.001)
    door = channels._bus.sends.door("a")
    door.cell.sent += 2  # as of sends that came just before the end
    began, waiting = time.monotonic(), door.waiting
    assert waiting >= 2
    assert channels.drain(60) == waiting
    assert time.monotonic() - began < 30
    with pytest.raises(EngineError):
        gateway.stop()


def test_a_node_goes_on_sending_while_the_gateway_stops(run_gateway: Any) -> None:
    class Talks(Doors):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            channels.set_stage(Ch.shut)

            def talk(_: bool) -> bool:
                channels.send("a", Count(n=1))
                channels.stage_add("shut", Count(n=1))
                channels.stage_release("shut")
                return True

            beat = csp.timer(timedelta(milliseconds=1), True)
            csp.add_graph_output("talked", csp.apply(beat, talk, bool))

    for _ in range(5):
        gateway = run_gateway(Ch(), Talks())
        gateway.channels.next("a", timeout=20)
        assert gateway.stop()["talked"]


def test_a_send_may_be_waited_for_until_its_cycle_is_over(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Doors())
    outside = gateway.channels.outside
    assert outside.send_all("a", [Count(n=1)]) is None
    for n in range(200):
        outside.send_all("a", [Count(n=n), Count(n=n)], ticked=True).result(10)
        assert outside.cell("a").arrived == 2 * n + 3
    outside.send_all("a", [], ticked=True).result(10)
    assert outside.cell("a").acknowledging == 0


def test_who_waits_for_a_tick_is_told_when_the_engine_ends_in_its_cycle(run_gateway: Any) -> None:
    class Ends(Doors):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            end(channels.get_channel(Ch.a))

    @csp.node
    def end(a: ts[Count]) -> None:
        if csp.ticked(a):
            csp.stop_engine()

    outside = run_gateway(Ch(), Ends()).channels.outside
    acknowledged = outside.send_all("a", [Count(n=1)], ticked=True)
    with pytest.raises(NotRunningError):  # it has ticked, and the cycle that would say so never comes
        acknowledged.result(10)
    assert outside.cell("a").acknowledging == 0


def test_nobody_waits_inside_the_graph_for_what_he_sends(run_gateway: Any) -> None:
    refused: list[str] = []

    class Waits(Doors):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("sent", csp.apply(channels.get_channel(Ch.a), lambda a: self.resend(channels, a), int))

        def resend(self, channels: Any, a: Count) -> int:
            with pytest.raises(GatewayException) as error:
                channels.outside.send_all("several", [[a]], ticked=True)
            refused.append(str(error.value))
            return 0

    channels = run_gateway(Ch(), Waits()).channels
    channels.send("a", Count(n=1), wait="ticked", timeout=10)
    assert refused == [
        "sent to channel 'several' from inside the graph, which would wait for itself: send without waiting"
    ]


def test_only_so_many_wait_until_they_have_ticked(run_gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "ACKNOWLEDGING_LIMIT", 0)
    outside = run_gateway(Ch(), Doors()).channels.outside
    with pytest.raises(SendRefusedError, match="'a': 0 sends wait until they have ticked, and no more may"):
        outside.send_all("a", [Count(n=1)], ticked=True)
    outside.send_all("a", [Count(n=1)])


def test_what_would_not_tick_yet_is_refused(run_gateway: Any) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    channels = run_gateway(Gateway(channels=Ch(), modules=[Doors()], block_set_channels_until=later)).channels
    with pytest.raises(SendRefusedError, match=r"'a' is quiet until .* block_set_channels_until"):
        channels.send("a", Count(n=1), wait="ticked", timeout=20)
    assert channels.statistics()["sends"]["a"] == {"sent": 0, "waiting": 0, "refused": 1}
    earlier = datetime.now(UTC) - timedelta(hours=1)
    channels = run_gateway(Gateway(channels=Ch(), modules=[Doors()], block_set_channels_until=earlier)).channels
    channels.send("a", Count(n=1), wait="ticked", timeout=20)
