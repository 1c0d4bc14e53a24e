"""Whoever is cut off, wherever that is, and goes on from where he was, misses nothing and is told nothing twice.

150 disconnects by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set 1,500. ``STREAM_SEED`` repeats a run.
"""

import asyncio
import os
import random
import time
from collections.abc import Iterable

import pytest

from csp_gateway.testing import serving_gateway
from tests.ways.live_source import Follower, gateway, port_of
from tests.ways.rule_proxy import Rule, RuleProxy

LARGE = "CSP_GATEWAY_STRESS_SECONDS" in os.environ
DISCONNECTS = 1_500 if LARGE else 150
SEED = int(os.environ.get("STREAM_SEED", time.time_ns() % 1_000_000 if LARGE else 1))
FOLLOWED = [("plain", None), ("listed", None), ("basket", None), ("basket", "B"), ("keyed", None), ("plain", None)]
LASTS = 600 if LARGE else 50


def somewhere(drawn: random.Random) -> Rule:
    """Where a connection is cut."""
    match drawn.randrange(7):
        case 0:
            return Rule("drop", byte=drawn.randrange(6_000))
        case 1:
            return Rule("reset", byte=drawn.randrange(6_000))
        case 2:
            return Rule("cut", frame=drawn.randrange(60))
        case 3:
            return Rule("drop", way="up", byte=drawn.randrange(400))
        case 4:
            return Rule("reset", after=drawn.uniform(0.0, 0.2))
        case 5:
            return Rule("drop", after=drawn.uniform(0.0, 0.2))
        case _:
            return Rule("drop", frame=drawn.randrange(60))


def trouble(drawn: random.Random) -> Iterable[Rule]:
    """What becomes of a connection before it is cut."""
    yield somewhere(drawn)
    yield Rule("reset", after=0.3)
    if drawn.random() < 0.2:
        yield Rule("stall", frame=drawn.randrange(10), seconds=0.1)
    if drawn.random() < 0.1:
        yield Rule("throttle", byte=drawn.randrange(1_000), rate=drawn.uniform(5_000, 100_000))


async def follow_through(follower: Follower, proxy: RuleProxy, straight: int, cuts: int) -> None:
    """Be cut off so many times, and then hear the rest."""
    while follower.connections < cuts:
        assert await follower.follow(proxy.port) is not None
        await asyncio.sleep(follower.drawn.choice([0.0, 0.0, 0.01, 0.1]))
    assert await follower.follow(straight, until=(follower.next or 0) + 100) is None


@pytest.mark.timeout(LASTS + 30)
def test_nothing_is_lost_doubled_or_reordered() -> None:
    print("STREAM_SEED =", SEED)  # noqa: T201  # pytest shows it when the test fails
    drawn = random.Random(SEED)
    each = -(-DISCONNECTS // len(FOLLOWED))
    followers = [
        Follower(f"{number} of {channel} {key}", channel, key, random.Random(drawn.random()))
        for number, (channel, key) in enumerate(FOLLOWED)
    ]

    async def all_of_them(straight: int, proxy: RuleProxy) -> None:
        async with asyncio.timeout(LASTS):
            await asyncio.gather(*(follow_through(follower, proxy, straight, each) for follower in followers))

    with serving_gateway(gateway(ms=3)) as url, RuleProxy(port_of(url), lambda _: trouble(drawn)) as proxy:
        asyncio.run(all_of_them(port_of(url), proxy))
        assert len(proxy.did("drop", "reset", "cut")) >= DISCONNECTS
    for follower in followers:
        assert follower.gaps == [], follower.name
        assert follower.heard == follower.expected(), follower.name
    assert all(len(follower.heard) > 200 for follower in followers)


async def stays_away(follower: Follower, proxy: RuleProxy, straight: int, times: int) -> None:
    for _ in range(times):
        await follower.follow(proxy.port)
        await asyncio.sleep(follower.drawn.choice([0.0, 0.12, 0.2]))
    await asyncio.sleep(0.2)
    assert await follower.follow(straight, until=(follower.next or 0) + 100) is None


def test_who_stays_away_too_long_is_told_what_he_missed_before_the_next_tick() -> None:
    print("STREAM_SEED =", SEED)  # noqa: T201
    drawn = random.Random(SEED)
    followers = [Follower(f"{number}", "brief", None, random.Random(drawn.random())) for number in range(6)]
    rules = [Rule("drop", after=0.05)]

    async def all_of_them(straight: int, proxy: RuleProxy) -> None:
        async with asyncio.timeout(30):
            await asyncio.gather(*(stays_away(each, proxy, straight, 8) for each in followers))

    with serving_gateway(gateway(ms=3)) as url, RuleProxy(port_of(url), rules) as proxy:
        asyncio.run(all_of_them(port_of(url), proxy))
    for follower in followers:
        assert follower.gaps, follower.name
        assert {gap["reason"] for gap in follower.gaps} == {"expired"}
        assert follower.heard == follower.expected(), follower.name


def test_who_comes_back_to_another_run_is_told_before_its_first_tick() -> None:
    followers = [
        Follower(f"{channel} {seed}", channel, key, random.Random(seed))
        for seed in range(3)
        for channel, key in FOLLOWED
    ]

    async def all_of_them(port: int) -> None:
        async with asyncio.timeout(20):
            ends = await asyncio.gather(*(each.follow(port, until=(each.next or 0) + 30) for each in followers))
            assert set(ends) == {None}

    for run in range(2):
        with serving_gateway(gateway(ms=3)) as url:
            asyncio.run(all_of_them(port_of(url)))
        for follower in followers:
            assert [gap["reason"] for gap in follower.gaps] == ["epoch_changed"] * run, follower.name
            assert follower.heard >= follower.expected(), follower.name
