"""Whatever befalls the connection of a table, in the end it is equal to the state that it follows.

25 seeded runs by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set 250. ``STREAM_SEED`` is the first of the seeds.
"""

import asyncio
import os
import random
from collections.abc import Iterable
from typing import Annotated, Any

import pytest
from csp import ts

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayClient,
    GatewayModule,
    GatewayStruct,
    Keep,
    MountRestRoutes,
    MountWebSocketRoutes,
    State,
)
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.stream import Stream
from csp_gateway.client.table import AsyncTable, Source
from csp_gateway.testing import serving_gateway
from tests.ways.live_source import port_of
from tests.ways.rule_proxy import Rule, RuleProxy
from tests.ways.test_client_stream import PATIENT, trouble

LARGE = "CSP_GATEWAY_STRESS_SECONDS" in os.environ
RUNS = 250 if LARGE else 25
SEED = int(os.environ.get("STREAM_SEED", 1))
ENDS = {"attr": "n", "by": {"value": 0}}
EVEN = {"attr": "even", "by": {"value": True}}


class Item(GatewayStruct):
    symbol: str
    n: int
    even: bool


class Ch(GatewayChannels):
    plain: Annotated[ts[Item], State("symbol")] = None
    ending: Annotated[ts[Item], State("symbol", tombstone=ENDS)] = None
    limited: Annotated[ts[Item], State("symbol", max_rows=4)] = None
    aging: Annotated[ts[Item], State("symbol", ttl=0.3)] = None
    brief: Annotated[ts[Item], State("symbol", tombstone=ENDS), Keep(items=10)] = None


class Door(GatewayModule):
    def connect(self, channels: Ch) -> None:
        for field in (Ch.plain, Ch.ending, Ch.limited, Ch.aging, Ch.brief):
            channels.add_send_channel(field)


FOLLOWED: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}),
    ("plain", {"where": EVEN}),
    ("plain", {"fields": ["n"]}),
    ("plain", {"min_interval": 0.005}),
    ("ending", {}),
    ("ending", {"where": EVEN}),
    ("limited", {}),
    ("brief", {}),
    ("brief", {"policy": "drop_oldest"}),
]


def serving() -> Gateway:
    return Gateway(channels=Ch(), modules=[Door(), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()])


def drawn_item(drawn: random.Random) -> Item:
    n = drawn.randrange(6)
    return Item(symbol=drawn.choice("ABCDEFGH"), n=n, even=n % 2 == 0)


def stands(channels: Any, channel: str, options: dict[str, Any]) -> dict[str, int]:
    query = {"filters": [options["where"]]} if "where" in options else None
    return {each.symbol: each.n for each in channels.query(channel, query=query)}


async def one_run(seed: int, gateway: Gateway, port: int) -> int:
    """How often the connection was cut."""
    drawn = random.Random(seed)
    channels: Any = gateway.channels
    channel, options = drawn.choice(FOLLOWED)
    cuts = drawn.randrange(1, 4)

    def rules(number: int) -> Iterable[Rule]:
        return list(trouble(drawn, number, cuts))

    with RuleProxy(port, rules) as proxy:
        stream = Stream(GatewayClientConfig(host="127.0.0.1", port=proxy.port), options=PATIENT)
        table = AsyncTable(stream, Source(channel, channel, ResponseWrapper([])), options)
        opening = asyncio.create_task(table.open(10))
        for _ in range(drawn.randrange(10, 60)):
            for _ in range(drawn.randrange(1, 4)):
                channels.send(channel, drawn_item(drawn))
            await asyncio.sleep(drawn.choice([0, 0.001, 0.01]))
        await opening
        channels.outside.send_all(channel, [drawn_item(drawn)], ticked=True).result(10)
        await table.wait_until(channels.outside.history(channel).next - 1, 10)
        assert {key: row["n"] for key, row in table.items()} == stands(channels, channel, options)
        await table.aclose()
        return len(proxy.did("drop", "reset", "cut"))


@pytest.mark.timeout(900 if LARGE else 60)
def test_a_table_is_equal_to_the_state_whatever_befalls_the_connection() -> None:
    cuts = 0
    gateway = serving()
    with serving_gateway(gateway) as url:
        for seed in range(SEED, SEED + RUNS):
            print("STREAM_SEED =", seed)  # noqa: T201  # pytest shows it when the test fails
            cuts += asyncio.run(asyncio.wait_for(one_run(seed, gateway, port_of(url)), 30))
    assert cuts > RUNS / 2


def test_a_record_that_has_grown_old_goes_here_too() -> None:
    gateway = serving()
    with serving_gateway(gateway) as url, GatewayClient(host=url) as client, client.table("aging") as table:
        gateway.channels.send("aging", Item(symbol="A", n=1, even=False))
        table.wait_until(lambda rows: list(rows) == ["A"], 10)
        table.wait_until(lambda rows: not rows, 10)
        assert client.state("aging") == []


def test_some_of_a_state_that_keeps_its_newest_cannot_be_kept() -> None:
    with (
        serving_gateway(serving()) as url,
        GatewayClient(host=url) as client,
        pytest.raises(ValueError, match="keeps its newest 4 records"),
    ):
        client.table("limited", where=EVEN)


def test_a_table_follows_a_gateway_that_is_started_again() -> None:
    first = serving()
    with serving_gateway(first) as url:
        client = GatewayClient(host=url)
        for n, symbol in enumerate("ABC"):
            first.channels.send("plain", Item(symbol=symbol, n=n, even=False))
        table = client.table("plain", connection=PATIENT)
        table.wait_until(lambda rows: len(rows) == 3, 10)
        port = port_of(url)
    second = serving()
    with serving_gateway(second, port=port):
        table.wait_until(lambda rows: not rows, 10)
        second.channels.send("plain", Item(symbol="Z", n=9, even=False))
        table.wait_until(lambda rows: list(rows) == ["Z"], 10)
        client.close()
    assert table["Z"]["n"] == 9
