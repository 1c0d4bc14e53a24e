"""One channel's way in: what is held for a moment ticks in its place, and is not lost."""

from collections.abc import Callable
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, NotRunningError, SendRefusedError
from csp_gateway.server.channels import door


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)
        csp.add_graph_output("a", channels.get_channel(Ch.a))


class Later:
    """An event loop that has not come to it yet."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def __call__(self, call: Callable[[], None]) -> None:
        self.due.append(call)

    def comes(self) -> None:
        for call in self.due:
            call()
        self.due.clear()


def sent(gateway: Gateway, later: Later, *numbers: int) -> None:
    gateway.channels.outside.send_all("a", [Count(n=n) for n in numbers], soon=later)


def numbers(gateway: Gateway) -> list[int]:
    return [value.n for _, value in gateway.stop()["a"]]


def test_what_comes_meanwhile_is_queued_together(run_gateway: Any) -> None:
    gateway, later = run_gateway(Ch(), Doors()), Later()
    pushed: list[Any] = []
    way_in = gateway.channels.outside._sends.door("a")
    push = way_in.adapter.push_tick
    way_in.adapter.push_tick = lambda tick: (pushed.append(tick), push(tick))[1]
    sent(gateway, later, 1)
    sent(gateway, later, 2, 3)
    assert (pushed, len(later.due)) == ([], 1)
    assert gateway.channels.statistics()["sends"]["a"]["sent"] == 3
    later.comes()
    assert [tick.n for tick in pushed] == [1, 2, 3]
    sent(gateway, later, 4)
    assert len(later.due) == 1, "it is asked for again"
    later.comes()
    assert numbers(gateway) == [1, 2, 3, 4]


def test_who_asks_reads_what_is_held(run_gateway: Any) -> None:
    gateway, later = run_gateway(Ch(), Doors()), Later()
    gateway.channels.send("a", Count(n=0))
    assert gateway.channels.last("a", timeout=20).n == 0
    sent(gateway, later, 1)
    answer = gateway.channels.outside.last("a")
    assert not answer.done()
    later.comes()
    assert answer.result(20).n == 1


def test_what_is_sent_at_once_comes_after_what_is_held(run_gateway: Any) -> None:
    gateway, later = run_gateway(Ch(), Doors()), Later()
    sent(gateway, later, 1)
    gateway.channels.send("a", Count(n=2))
    later.comes()
    answer = gateway.channels.outside.send_all("a", [Count(n=3)], ticked=True, soon=later)
    assert answer is not None
    answer.result(20)
    assert later.due == [], "who waits for the tick waits for nothing else"
    assert numbers(gateway) == [1, 2, 3]


def test_what_is_held_at_the_end_is_not_lost(run_gateway: Any) -> None:
    gateway, later = run_gateway(Ch(), Doors()), Later()
    sent(gateway, later, 1)
    assert numbers(gateway) == [1]
    later.comes()
    with pytest.raises(NotRunningError):
        sent(gateway, later, 2)


def test_what_is_held_takes_its_room(run_gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAITING_LIMIT", 2)
    gateway, later = run_gateway(Ch(), Doors()), Later()
    sent(gateway, later, 1, 2)
    with pytest.raises(SendRefusedError, match="2 sent values wait for the engine"):
        sent(gateway, later, 3)
    later.comes()
    assert numbers(gateway) == [1, 2]
