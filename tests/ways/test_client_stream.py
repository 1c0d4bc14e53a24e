"""Whatever befalls the connection of a client's stream, it misses nothing, hears nothing twice, or is told of a gap.

25 seeded runs by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set 1,000. ``STREAM_SEED`` is the first of the seeds.
"""

import asyncio
import os
import random
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from csp_gateway.client.background import Background
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.followed import Gap
from csp_gateway.client.stream import Stream
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.sync_stream import SyncStream
from csp_gateway.errors import ServerUnreachableError
from csp_gateway.testing import serving_gateway
from tests.ways.live_source import KEYS, gateway, keys_of, port_of, records_of
from tests.ways.rule_proxy import Rule, RuleProxy

LARGE = "CSP_GATEWAY_STRESS_SECONDS" in os.environ
RUNS = 1_000 if LARGE else 25
SEED = int(os.environ.get("STREAM_SEED", 1))
FOLLOWED = [
    ("plain", None, {}),
    ("plain", None, {"snapshot": True}),
    ("listed", None, {}),
    ("basket", None, {}),
    ("basket", "B", {}),
    ("basket", None, {"snapshot": "last"}),
    ("keyed", None, {"snapshot": "state"}),
    ("keyed", None, {"format": "msgpack"}),
    ("brief", None, {}),
    ("brief", None, {"snapshot": True}),
]
EVERYTHING: dict[str, Any] = {"positions": True, "policy": "disconnect"}
"""By the default policy, who is slow is told the newest of each key alone."""
PATIENT = StreamOptions(backoff=(0.001, 0.01), connection_timeout=10.0)


def somewhere(drawn: random.Random) -> Rule:
    """What becomes of a connection."""
    match drawn.randrange(8):
        case 0:
            return Rule("drop", byte=drawn.randrange(8_000))
        case 1:
            return Rule("reset", byte=drawn.randrange(8_000))
        case 2:
            return Rule("cut", frame=drawn.randrange(30))
        case 3:
            return Rule("drop", way="up", byte=drawn.randrange(700))
        case 4:
            return Rule("reset", after=drawn.uniform(0.0, 0.05))
        case 5:
            return Rule("cut", way="up", frame=drawn.randrange(3))
        case 6:
            return Rule("stall", frame=drawn.randrange(10), seconds=0.03)
        case _:
            return Rule("drop", frame=drawn.randrange(30))


def trouble(drawn: random.Random, number: int, cuts: int) -> Iterable[Rule]:
    """What becomes of the n-th connection; those after ``cuts`` are left in peace."""
    if number < cuts:
        yield somewhere(drawn)
        yield Rule("reset", after=drawn.choice([0.06, 0.15]))
        if drawn.random() < 0.1:
            yield Rule("throttle", byte=drawn.randrange(1_000), rate=drawn.uniform(20_000, 100_000))


class Witness:
    """Holds what is told of one channel against what has to be told."""

    def __init__(self, channel: str, key: str | None, options: dict[str, Any]) -> None:
        self.channel = channel
        self.key = key
        self.options = options
        self.first: int | None = None
        """The offset of the first tick that has to be told."""
        self.standing: set[str | None] = set()
        """Keys of which it was told what stands."""
        self.told: list[tuple[int, str | None]] = []
        self.gaps: list[Gap] = []
        self.lost: set[int] = set()

    def begun(self, start: int) -> None:
        if self.first is None:
            self.first = start

    def take(self, message: dict[str, Any]) -> None:
        numbers = [record["n"] for record in message["data"]]
        if message.get("snapshot"):
            assert not self.told, "a snapshot comes first"
            assert max(numbers) <= message["offset"]
            self.first = message["offset"] + 1
            self.standing.add(message.get("key"))
            return
        if self.options.get("snapshot"):
            assert self.standing == (set(KEYS) if self.channel == "basket" else {None}), "all that stands comes first"
        offset = message["offset"]
        self.begun(offset)
        assert numbers == records_of(self.channel, offset)
        self.told.append((offset, message.get("key")))

    def gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        if gap.reason == "epoch_changed" or (self.options.get("snapshot") and gap.reason == "expired"):
            self.check()
            self.told, self.lost, self.standing, self.first = [], set(), set(), gap.to
            return
        assert gap.reason in ("expired", "overflow")  # the latter where ticks went while it began
        assert gap.start is not None
        assert all(offset <= gap.start for offset, _ in self.told), "a gap is told before the tick behind it"
        self.lost |= set(range(gap.start, gap.to))

    def check(self) -> None:
        """All there had to be told, in its order, and once each; of the last tick perhaps not all keys yet."""
        if not self.told:
            return
        assert self.first is not None
        expected = [
            (offset, key)
            for offset in range(self.first, self.told[-1][0] + 1)
            for key in ([None] if self.channel != "basket" else keys_of(offset))
            if self.key in (None, key)
        ]
        if self.lost:  # of a tick that expired after some of its keys had been told, those remain
            told = set(self.told)
            expected = [place for place in expected if place[0] not in self.lost or place in told]
        assert self.told == expected[: len(self.told)]


async def one_run(seed: int, port: int) -> tuple[int, int]:
    """How often it was cut, and how many gaps it was told of."""
    drawn = random.Random(seed)
    chosen = {channel: Witness(channel, key, options) for channel, key, options in drawn.sample(FOLLOWED, 4)}
    cuts = drawn.randrange(1, 4)
    numbers: list[int] = []

    def rules(number: int) -> Iterable[Rule]:
        numbers.append(number)
        return list(trouble(drawn, number, cuts))

    def tell(gap: Gap) -> None:
        chosen[gap.channel].gap(gap)

    with RuleProxy(port, rules) as proxy:
        config = GatewayClientConfig(host="127.0.0.1", port=proxy.port)
        async with Stream(config, timeout=10, on_gap=tell, options=PATIENT) as stream:

            async def follow(witness: Witness) -> None:
                result = await stream.subscribe(witness.channel, witness.key, **EVERYTHING, **witness.options)
                witness.begun(result["from"])

            following = asyncio.gather(*map(follow, chosen.values()))
            until: dict[str, int] = {}
            async for message in stream:
                witness = chosen[message["channel"]]
                witness.take(message)
                if len(numbers) <= cuts or not following.done():
                    until.clear()
                elif message["channel"] not in until:
                    until[message["channel"]] = message["offset"] + 10
                if len(until) == len(chosen) and all(
                    each.told and each.told[-1][0] >= until[name] for name, each in chosen.items()
                ):
                    break
            await following
        for witness in chosen.values():
            witness.check()
        return len(proxy.did("drop", "reset", "cut")), sum(len(each.gaps) for each in chosen.values())


@pytest.mark.timeout(900 if LARGE else 60)
def test_nothing_is_lost_doubled_or_reordered() -> None:
    cuts = 0
    with serving_gateway(gateway(ms=2)) as url:
        for seed in range(SEED, SEED + RUNS):
            print("STREAM_SEED =", seed)  # noqa: T201  # pytest shows it when the test fails
            more, _ = asyncio.run(asyncio.wait_for(one_run(seed, port_of(url)), 20))
            cuts += more
    assert cuts > RUNS


class Restarted:
    """Follows over any number of runs of a gateway, on a thread of its own."""

    def __init__(self, port: int) -> None:
        self.witnesses = {channel: Witness(channel, key, options) for channel, key, options in RESTARTED}
        self.config = GatewayClientConfig(host="127.0.0.1", port=port)
        self.error: BaseException | None = None
        self.heard = threading.Condition()
        self.ends = False
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._follow()
        except BaseException as error:
            self.error = error
        with self.heard:
            self.heard.notify_all()

    def _follow(self) -> None:
        background = Background("restarted")
        with SyncStream(self.config, background, timeout=20, on_gap=self._gap, options=PATIENT) as stream:
            for witness in self.witnesses.values():
                result = stream.subscribe(witness.channel, witness.key, **EVERYTHING, **witness.options)
                witness.begun(result["from"])
            for message in stream:
                self.witnesses[message["channel"]].take(message)
                with self.heard:
                    self.heard.notify_all()
                if self.ends:
                    break
        background.close()

    def _gap(self, gap: Gap) -> None:
        self.witnesses[gap.channel].gap(gap)

    def hears(self, run: int) -> None:
        """Wait until it has heard ten ticks of each channel in this run of the gateway."""

        def so() -> bool:
            everything = all(len(each.gaps) >= run and len(each.told) > 10 for each in self.witnesses.values())
            return self.error is not None or everything

        with self.heard:
            assert self.heard.wait_for(so, 20)
        assert self.error is None, self.error


RESTARTED: list[tuple[str, str | None, dict[str, Any]]] = [
    ("plain", None, {}),
    ("basket", None, {"snapshot": "last"}),
    ("keyed", None, {"snapshot": "state"}),
]


def test_a_gateway_that_is_started_again_on_its_port_is_followed_on() -> None:
    runs = 12 if LARGE else 3
    with serving_gateway(gateway(ms=2)) as url:
        port = port_of(url)
        restarted = Restarted(port)
        restarted.thread.start()
        restarted.hears(0)
    for run in range(1, runs):
        with serving_gateway(gateway(ms=2), port=port):
            restarted.hears(run)
            if run == runs - 1:
                restarted.ends = True
                restarted.thread.join(10)
    assert restarted.error is None
    assert not restarted.thread.is_alive()
    for witness in restarted.witnesses.values():
        witness.check()
        assert [gap.reason for gap in witness.gaps] == ["epoch_changed"] * (runs - 1)


def test_a_connection_on_which_nothing_comes_is_given_up_for_another() -> None:
    watchful = StreamOptions(backoff=(0.001, 0.01), ping_interval=0.05, ping_timeout=0.1)
    rules = [Rule("stall", frame=20, connection=0), Rule("stall", way="up", byte=0, connection=1)]
    hasty = StreamOptions(**{**vars(watchful), "open_timeout": 0.2})

    async def go(port: int) -> None:
        witness = Witness("plain", None, {})
        async with Stream(GatewayClientConfig(host="127.0.0.1", port=port), timeout=5, options=hasty) as stream:
            witness.begun((await stream.subscribe("plain", **EVERYTHING))["from"])
            while len(witness.told) < 300:
                witness.take(await anext(stream))
        witness.check()

    with serving_gateway(gateway(ms=2)) as url, RuleProxy(port_of(url), rules) as proxy:
        asyncio.run(asyncio.wait_for(go(proxy.port), 20))
        assert len(proxy.did("stall")) == 2


def test_where_nothing_ever_comes_it_ends_in_words() -> None:
    options = StreamOptions(backoff=(0.001, 0.01), open_timeout=0.1, connection_timeout=0.5)

    async def go(port: int) -> None:
        async with Stream(GatewayClientConfig(host="127.0.0.1", port=port), options=options) as stream:
            with pytest.raises(ServerUnreachableError, match=r"to ws://.* for 0.5 s: it did not answer"):
                await stream.subscribe("plain")

    with serving_gateway(gateway(ms=2)) as url, RuleProxy(port_of(url), [Rule("stall", byte=0)]) as proxy:
        asyncio.run(asyncio.wait_for(go(proxy.port), 10))
