"""Who follows what: one hand-over a cycle from the engine's thread, and an end for all."""

import asyncio
import logging
from typing import Any

import pytest

from csp_gateway import EngineError, MountWebSocketRoutes
from csp_gateway.errors import FrameError
from csp_gateway.server.web.live.client import Client, Visitor
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.options import options_of
from csp_gateway.server.web.live.subscription import Subscription
from csp_gateway.server.web.verbs import shape_of
from csp_gateway.server.web.workers import Workers
from csp_gateway.wire.commands import Follow
from tests.server.web.live.desk import Ch, Desk
from tests.server.web.live.parts import Ear, Silent, looped, quote, until

VISITOR = Visitor("websocket", "127.0.0.1:9", "test")


def hub_of(gateway: Any, most_clients: int = 10) -> Hub:
    hub = Hub(gateway.channels, Workers(), most_clients)
    for field in ("quotes", "notes", "nobody"):
        hub.serve(shape_of(gateway.channels.declared[field]))
    return hub


@pytest.fixture
def gateway(run_gateway: Any) -> Any:
    return run_gateway(Ch(), Desk(), MountWebSocketRoutes())


def follow(hub: Hub, client: Client, channel: str, **wanted: Any) -> Subscription:
    feed = hub.feed(channel)
    feed.begin()
    options = options_of(feed.shape, Follow(channel=channel, **wanted), feed.keyby)
    subscription = Subscription(feed, client.line, options, feed.history.next, [], client.slow, client.failed)
    client.subscriptions[channel] = subscription
    feed.follow(subscription)
    return subscription


def tick(gateway: Any, channel: str, *counts: int) -> None:
    ticked = gateway.channels.outside.send_all(channel, [quote(n) for n in counts], ticked=True)
    ticked.result(20)


def test_what_ticks_is_told_on_the_event_loop(gateway: Any) -> None:
    async def run() -> None:
        hub, ears = hub_of(gateway), [Ear(), Ear()]
        for ear in ears:
            follow(hub, hub.enter(ear, VISITOR), "notes")
        tick(gateway, "notes", *range(50))
        assert all(ear.counts == [] for ear in ears)  # the engine tells nobody
        await until(lambda: len(ears[0].counts) == 50)
        assert ears[0].counts == ears[1].counts == list(range(50))
        figures = hub.statistics()
        assert (figures["clients"], figures["came"], figures["waiting_bytes"]) == (2, 2, 14)
        assert figures["feeds"]["notes"]["followers"] == 2

    asyncio.run(run())


def test_a_name_may_have_dashes_and_an_unknown_one_is_answered_with_the_nearest(gateway: Any) -> None:
    hub = hub_of(gateway)
    assert hub.feed("notes") is hub.feed("notes")
    for channel, code, said in (("note", "unknown_channel", "did you mean 'notes'"), ("nobody", "not_provided", "")):
        with pytest.raises(FrameError) as refused:
            hub.feed(channel)
        assert refused.value.code == code
        assert said in str(refused.value)
    assert hub.feed("quotes").keyby == ("symbol",)
    assert hub.feed("notes").keyby is None
    assert hub.state(hub.feed("quotes"), None) is gateway.channels.outside.state_of("quotes")
    for channel, alias in (("notes", None), ("quotes", "other")):
        with pytest.raises(FrameError, match="set_state"):
            hub.state(hub.feed(channel), alias)


def test_who_has_left_is_told_nothing_and_counted(gateway: Any) -> None:
    async def run() -> None:
        hub, ear = hub_of(gateway), Ear()
        client = hub.enter(ear, VISITOR)
        subscription = follow(hub, client, "notes")
        subscription.dropped, subscription.skipped = 3, 4
        hub.beat_for(client, 60)
        client.gone()
        assert (hub.clients, hub.heartbeats, client.subscriptions) == ({}, {}, {})
        assert gateway.channels.outside.cell("notes").told is None
        figures = hub.statistics()
        assert [figures[name] for name in ("clients", "came", "left", "dropped", "skipped")] == [0, 1, 1, 3, 4]
        tick(gateway, "notes", 1)
        await asyncio.sleep(0.02)
        assert ear.counts == []

    asyncio.run(run())


def test_no_more_are_let_in_than_may_be(gateway: Any) -> None:
    async def run() -> None:
        hub = hub_of(gateway, most_clients=1)
        first = hub.enter(Ear(), VISITOR)
        with pytest.raises(FrameError, match="MAX_CLIENTS") as refused:
            hub.enter(Ear(), VISITOR)
        assert refused.value.code == "too_many"
        assert hub.statistics()["turned_away"] == 1
        first.gone()
        hub.enter(Ear(), VISITOR)
        hub.dismiss()
        with pytest.raises(FrameError) as refused:
            hub.enter(Ear(), VISITOR)
        assert refused.value.code == "stopping"

    asyncio.run(run())


@looped
async def test_hearts_beat_for_who_reads_and_for_nobody_else() -> None:
    hub = Hub(Silent(), Workers(), 10)  # type: ignore[arg-type]
    wants, full, other = Ear(), Ear(), Ear()
    for ear in (wants, full):
        hub.beat_for(hub.enter(ear, VISITOR), 0.01)
    hub.enter(other, VISITOR)
    full.full = True
    await until(lambda: len(wants.heard) == 3)
    assert wants.heard == [{"channel": "heartbeat", "data": "PING"}] * 3
    assert (full.heard, other.heard) == ([], [])


@looped
async def test_hearts_beat_for_each_as_often_as_his_route_says() -> None:
    hub = Hub(Silent(), Workers(), 10)  # type: ignore[arg-type]
    quick, slow = Ear(), Ear()
    leaves = hub.enter(quick, VISITOR)
    hub.beat_for(leaves, 0.01)
    hub.beat_for(hub.enter(slow, VISITOR), 3600)
    await until(lambda: len(quick.heard) == 3)
    assert slow.heard == []
    leaves.gone()
    again = Ear()
    await asyncio.sleep(0.03)
    hub.beat_for(hub.enter(again, VISITOR), 0.01)
    await until(lambda: len(again.heard) == 2)
    assert len(quick.heard) == 3


@pytest.mark.parametrize("failed", [False, True])
def test_at_the_end_of_the_engine_all_are_told_the_rest_and_asked_to_come_back(run_gateway: Any, failed: bool) -> None:
    gateway = run_gateway(Ch(), Desk(), MountWebSocketRoutes())

    async def run() -> None:
        hub, ear = hub_of(gateway), Ear()
        client = hub.enter(ear, VISITOR)
        client.speaks = True
        follow(hub, client, "notes")
        tick(gateway, "notes", *range(600))
        if failed:
            hub._engine_ended(EngineError("of the test"))
        else:
            await asyncio.to_thread(gateway.stop)
        await until(lambda: ear.closed)
        assert ear.counts == list(range(600))
        code = 3003 if failed else 3001
        assert ear.closed is not None
        assert ear.closed[0] == ear.heard[-1]["closing"]["code"] == code
        assert hub.clients == {}

    asyncio.run(run())


def test_a_feed_that_fails_takes_no_other_with_it_nor_the_end(
    gateway: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        hub, ill, well = hub_of(gateway), Ear(), Ear()
        follow(hub, hub.enter(ill, VISITOR), "notes")
        follow(hub, hub.enter(well, VISITOR), "quotes")

        def fail() -> None:
            raise ZeroDivisionError("of the test")

        monkeypatch.setattr(hub.feed("notes"), "pump", fail)
        with caplog.at_level(logging.ERROR):
            tick(gateway, "notes", 1)
            tick(gateway, "quotes", 2)
            await until(lambda: well.counts == [2])
        assert hub.statistics()["failed"] == 1
        assert "channel 'notes' could not be told" in caplog.text
        await asyncio.to_thread(gateway.stop)
        await until(lambda: ill.closed and well.closed)

    asyncio.run(run())
