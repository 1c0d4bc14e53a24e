"""MountMetrics, mounted."""

from datetime import datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pydantic import ValidationError

from csp_gateway import Gateway, GatewayChannels, GatewaySettings, MountMetrics
from csp_gateway.testing import client_to


def test_the_route_can_be_chosen_and_each_gateway_counts_for_itself() -> None:
    for _ in range(2):
        with client_to(Gateway(modules=[MountMetrics(route="figures/")], channels=GatewayChannels())) as client:
            assert client.get("/metrics").status_code == 404
            assert 'csp_gateway_request_seconds_count{status="404",verb="other"} 1.0' in client.get("/figures").text
            assert client.get("/openapi.json").json()["paths"]["/figures"]["get"]["tags"] == ["Health"]


def test_who_asks_for_openmetrics_gets_it() -> None:
    with client_to(Gateway(modules=[MountMetrics()], channels=GatewayChannels())) as client:
        answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        names = {family.name for family in text_string_to_metric_families(answer.text)}
        assert {"csp_gateway_ready", "process_resident_memory_bytes"} <= names


def test_it_says_where_it_is() -> None:
    assert MountMetrics().info(GatewaySettings()) == "metrics   /metrics"
    with pytest.raises(ValidationError, match="cannot be at '/', where the page is"):
        MountMetrics(route="/")


def test_a_simulated_run_is_not_kept_from_its_end() -> None:
    gateway = Gateway(modules=[MountMetrics()], channels=GatewayChannels())
    gateway.start(lambda channels: None, realtime=False, starttime=datetime(2024, 1, 1))
    assert not gateway.running
