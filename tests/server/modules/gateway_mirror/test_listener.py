"""Listener: follows the channels of another gateway, through whatever befalls the connection."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from csp_gateway import Gateway, GatewayMirror
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.testing.running import running_gateway
from tests.client.sources import Ch, Quote, source, threads, until
from tests.server.modules.gateway_mirror.test_mirror import Witness, warmed
from tests.ways.live_source import port_of
from tests.ways.rule_proxy import Rule, RuleProxy


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_and_nothing_ticks_twice_wherever_it_is_cut(seed: int) -> None:
    drawn = random.Random(seed)

    def rules(number: int) -> Iterable[Rule]:
        if 0 < number < 3:
            yield Rule("reset", byte=drawn.randrange(500, 20_000))
        elif number == 0:
            yield Rule("drop", byte=drawn.randrange(3_000, 40_000))

    witness = Witness(told=[])
    with source() as (gateway, config), RuleProxy(port_of(config.root_url), rules) as proxy:
        there = GatewayClientConfig(host="127.0.0.1", port=proxy.port)
        mirror = GatewayMirror(client=there, channels=["quotes"], status_channel="status")
        with running_gateway(Gateway(modules=[mirror, witness], channels=Ch())):
            warmed(gateway, witness, "quotes")
            for n in range(500):
                gateway.channels.send("quotes", Quote(n=n, text="x" * 50))
            until(lambda: len(witness.of("quotes")) >= 500, 40)
            assert [each.n for each in witness.of("quotes")] == list(range(500))
            status: Any = witness.status()
            assert status.gaps == 0
    assert "lost" in [status.state for status in witness.of("status")]
    assert not threads("gateway-mirror")


def test_a_channel_that_was_refused_is_asked_for_again_on_the_next_connection(caplog: pytest.LogCaptureFixture) -> None:
    """As where the other gateway was brought up to date."""
    witness = Witness(told=[])
    with source(without=["quotes"]) as (_, config):
        port = port_of(config.root_url)
        mirror = GatewayMirror(client=config, channels=["quotes"], status_channel="status")
        running = running_gateway(Gateway(modules=[mirror, witness], channels=Ch()))
        running.__enter__()
        until(lambda: "quotes is not followed" in caplog.text)
    try:
        with source(port) as (gateway, _):
            warmed(gateway, witness, "quotes")
    finally:
        running.__exit__(None, None, None)
