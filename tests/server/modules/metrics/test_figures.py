"""What the parts of a gateway tell of themselves, read as Prometheus reads it."""

from collections.abc import Iterator
from typing import Annotated, Any, List  # noqa: UP035  # csp reads typing.List

import pytest
from csp import ts
from prometheus_client.parser import text_string_to_metric_families

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    MountMetrics,
    MountRestRoutes,
    MountWebSocketRoutes,
    State,
)
from csp_gateway.testing import GatewayTestClient, client_to

SECONDS = "csp_gateway_request_seconds_count"


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: Annotated[ts[Count], State("n", max_rows=2)] = None
    many: ts[List[Count]] = None  # noqa: UP006
    silent: ts[Count] = None


class Doors(GatewayModule):
    """Lets two channels be sent to, and tells of itself."""

    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)
        channels.add_send_channel(Ch.many)
        channels.set_stage(Ch.a)

    def statistics(self) -> dict[str, Any]:
        return {"doors": 2, "of": {"which": {"open": True, "name": "left out"}}}


@pytest.fixture(scope="module")
def client() -> Iterator[GatewayTestClient]:
    gateway = Gateway(
        modules=[Doors(), MountRestRoutes(force_mount_all=True), MountMetrics(), MountWebSocketRoutes()], channels=Ch()
    )
    with client_to(gateway) as client:
        yield client


class Told(dict[Any, float]):
    """Values by the name of the metric and the values of its labels, in any order."""

    def __getitem__(self, key: tuple[str, ...]) -> float:
        return super().__getitem__((key[0], frozenset(key[1:])))

    def __contains__(self, key: Any) -> bool:
        return super().__contains__((key[0], frozenset(key[1:])))


def scraped(client: GatewayTestClient) -> Told:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return Told(
        {
            (sample.name, frozenset(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
    )


def test_every_part_is_told(client: GatewayTestClient) -> None:
    for n in range(5):
        assert client.post("/api/v1/send/a", json={"n": n}).status_code == 200
    assert client.get("/api/v1/last/a").json()[0]["n"] == 4
    assert client.get("/api/v1/last/nothing").status_code == 404
    client.get("/api/v1/state/a")
    told = scraped(client)
    assert told["csp_gateway_ready",] == 1
    assert told["csp_gateway_engine_state", "running"] == 1
    assert told["csp_gateway_engine_state", "failed"] == 0
    assert 0 <= told["csp_gateway_engine_lag_seconds",] < 60
    assert told["csp_gateway_engine_cycle_seconds_count",] >= 1
    assert told["csp_gateway_engine_late_seconds_count",] >= 1
    assert (told["csp_gateway_work_open",], told["csp_gateway_work_refused_total",]) == (0, 0)
    assert told["csp_gateway_channel_ticks_total", "a"] == 5
    assert told["csp_gateway_channel_newest_tick_timestamp_seconds", "a"] > 1.7e9
    assert ("csp_gateway_channel_newest_tick_timestamp_seconds", "many") not in told
    assert ("csp_gateway_channel_ticks_total", "silent") not in told
    assert told["csp_gateway_sends_total", "a"] == 5
    assert told["csp_gateway_sends_waiting", "a"] == 0
    assert told["csp_gateway_sends_refused_total", "a"] == 0
    assert told["csp_gateway_history_kept", "a"] == 5
    assert told["csp_gateway_history_dropped_total", "a", "items"] == 0
    assert told["csp_gateway_state_rows", "a"] == 2
    assert told["csp_gateway_state_removed_total", "a", "dropped"] == 3
    assert told["csp_gateway_stage_stagings", "a"] == 0
    assert told["csp_gateway_questions_open", "sql"] == 0
    assert told["csp_gateway_duckdb_memory_limit_bytes",] > 0
    kept = [labels for name, labels in told if name == "csp_gateway_lookup_kept"]
    assert [name.rpartition(".")[2] for (name,) in kept] == ["Count"]
    assert told[SECONDS, "last", "200"] == told[SECONDS, "last", "404"] == 1
    assert told[SECONDS, "send", "200"] == 5
    assert told["csp_gateway_event_loop_lag_seconds_count",] >= 1
    assert told["csp_gateway_threads",] > 1
    assert told["csp_gateway_module_figure", "Doors", "doors"] == 2
    assert told["csp_gateway_module_figure", "Doors", "of.which.open"] == 1


def test_requests_and_the_answers_kept_for_who_tries_again_are_told(client: GatewayTestClient) -> None:
    for _ in range(3):
        client.post("/api/v1/send/many", json={"n": 7}, headers={"idempotency-key": "seven"})
    assert client.post("/api/v1/send/many", json={"n": 8}, headers={"idempotency-key": "seven"}).status_code == 422
    assert client.get("/api/v1/next/many?timeout=0.01").status_code == 504
    told = scraped(client)
    assert told["csp_gateway_requests_in_progress",] == 1
    assert told["csp_gateway_requests_waiting",] == 0
    assert told["csp_gateway_requests_timed_out_total",] == 1
    assert told["csp_gateway_requests_refused_total", "too-many-requests"] == 0
    assert told["csp_gateway_requests_refused_total", "too-many-waiting"] == 0
    assert told["csp_gateway_idempotent_replies_kept",] == 1
    assert told["csp_gateway_idempotent_replies_bytes",] > 10
    assert told["csp_gateway_idempotent_replies_total", "replayed"] == 2
    assert told["csp_gateway_idempotent_replies_total", "refused"] == 1
    assert told["csp_gateway_idempotent_replies_total", "dropped"] == 0


def test_who_follows_channels_is_told(client: GatewayTestClient) -> None:
    with client.websocket_connect("ws://localhost/api/v1/stream") as socket:
        socket.send_json({"action": "subscribe", "channel": "many", "fields": ["n"], "id": 1})
        socket.receive_json()
        told = scraped(client)
    assert told["csp_gateway_live_clients",] == told["csp_gateway_live_followers", "many"] == 1
    assert told["csp_gateway_live_clients_full",] == told["csp_gateway_live_waiting_bytes",] == 0
    assert told["csp_gateway_live_followers_alone", "many"] == 1
    assert (told["csp_gateway_live_came_total",], told["csp_gateway_live_left_total",]) == (1, 0)
    assert told["csp_gateway_live_turned_away_total",] == told["csp_gateway_live_failed_total",] == 0
    assert told["csp_gateway_live_untold_total", "dropped"] == told["csp_gateway_live_untold_total", "skipped"] == 0
    assert told["csp_gateway_live_lost_total", "many"] == 0
    assert scraped(client)["csp_gateway_live_left_total",] == 1


def test_names_are_as_prometheus_wants_them(client: GatewayTestClient) -> None:
    text = client.get("/metrics").text
    ours = {line.split()[2]: line.split()[3] for line in text.splitlines() if line.startswith("# TYPE csp_gateway")}
    assert ours
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in ours.items())
    assert all(f"# HELP {name} " in text for name in ours)
