"""GET and POST controls."""

import json
import logging
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    ConfigError,
    Controls,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayWebApp,
    MountControls,
    NoProviderException,
)
from csp_gateway.server.web.verbs import controls
from csp_gateway.testing import serving_gateway

URL = "/api/v1/controls"


class Desk(GatewayChannels):
    controls: ts[Controls] = None


@csp.node
def hold(tick: ts[Controls], busy: object, free: object):  # type: ignore[no-untyped-def]
    if csp.ticked(tick) and tick.name == "hold":
        busy.set()
        free.wait(20)


class Busy(GatewayModule):
    """A node that is busy from a control ``hold`` on until it is let go of."""

    busy: Any = None
    free: Any = None

    def connect(self, channels: Desk) -> None:
        self.busy, self.free = threading.Event(), threading.Event()
        hold(channels.get_channel(Desk.controls), self.busy, self.free)


@pytest.fixture
def desk(serve: Callable[..., Any]) -> Any:
    return serve(MountControls(), channels=Desk())


@pytest.fixture
def stuck(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client to a gateway whose engine is busy; it is let go of at the end."""
    monkeypatch.setattr(controls, "_PATIENCE", 0.05)
    monkeypatch.setattr(controls, "_BRIEF", 0.05)
    busy = Busy()
    client = serve(MountControls(), busy, channels=Desk())
    client.gateway.channels.send("controls", Controls(name="hold"))
    assert busy.busy.wait(20)
    yield client
    busy.free.set()


def one(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()
    return dict(told)


def test_the_heart_beats_through_the_channel_and_back(desk: Any) -> None:
    told = one(desk.get(f"{URL}/heartbeat"))
    assert {**told, "id": "", "timestamp": ""} == {
        "id": "",
        "timestamp": "",
        "name": "heartbeat",
        "status": "ok",
        "data": {},
        "data_str": "",
    }
    ticked = desk.gateway.channels.last("controls")
    assert (ticked.id, ticked.status) == (told["id"], "none")
    assert Controls.lookup(told["id"]) is None


def test_statistics(desk: Any) -> None:
    told = one(desk.get(f"{URL}/stats"))
    assert (told["name"], told["status"]) == ("stats", "ok")
    assert json.loads(told["data_str"]) == told["data"]
    old = {"cpu", "memory", "memory-total", "pid", "active_threads", "max_threads", "now", "csp-now", "host", "user"}
    assert old < told["data"].keys()
    engine, now = (datetime.fromisoformat(told["data"][key]) for key in ("csp-now", "now"))
    assert timedelta(0) <= now - engine < timedelta(minutes=1)
    assert told["data"]["channels"]["sends"]["controls"] == {"sent": 1, "waiting": 0, "refused": 0}
    assert "csp-engine" in told["data"]["threads"]
    live = told["data"]["web"].pop("live")
    assert (live["clients"], live["feeds"]) == (0, {})
    assert told["data"]["web"] == {
        "requests": {
            "in_progress": 1,  # this one
            "waiting": 0,
            "timed_out": 0,
            "refused": {"too-many-requests": 0, "too-many-waiting": 0},
        },
        "idempotency": {"keys": 0, "kept": 0, "bytes": 0, "replayed": 0, "refused": 0, "dropped": 0},
        "workers": {"open": 0, "done": 0, "refused": 0},
    }


def test_a_busy_engine_is_said_to_be_and_is_asked_once(stuck: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda _: stuck.get(f"{URL}/heartbeat"), range(4))]
    assert [answer.status_code for answer in answers] == [504] * 4
    said = "GET /api/v1/controls/heartbeat waited 0.05 s for the engine to answer on channel 'controls': a node is busy"
    assert answers[0].json()["detail"].startswith(said)
    assert answers[0].json()["type"] == "urn:csp-gateway:problem:request-timeout"
    assert stuck.gateway.channels.statistics()["sends"]["controls"]["sent"] == 2


def test_the_figures_of_a_process_whose_engine_is_busy_are_told(stuck: Any) -> None:
    told = one(stuck.get(f"{URL}/stats"))
    assert told["status"] == "the engine did not answer within 0.05 s"
    assert told["data"]["csp-now"] is None
    assert told["data"]["pid"]


@pytest.mark.parametrize("name", ["heartbeat", "stats"])
def test_who_has_less_time_hears_what_it_waited_for(stuck: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for patience in ("_PATIENCE", "_BRIEF"):
        monkeypatch.setattr(controls, patience, 20)
    late = stuck.get(f"{URL}/{name}?timeout=0.05").json()
    assert late["type"] == "urn:csp-gateway:problem:request-timeout"
    assert late["detail"].endswith("; it waited for the engine to answer on channel 'controls'")


def test_an_engine_that_has_ended(desk: Any) -> None:
    desk.gateway.stop()
    for name in ("heartbeat", "stats"):
        assert desk.get(f"{URL}/{name}").status_code == 503


def test_the_gateway_is_ended_from_outside(caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(modules=[MountControls()], channels=Desk())
    with caplog.at_level(logging.WARNING, "csp_gateway.web"), serving_gateway(gateway) as url:
        with urllib.request.urlopen(urllib.request.Request(f"{url}{URL}/shutdown", method="POST")) as answer:
            (told,) = json.loads(answer.read())
        assert (told["name"], told["status"]) == ("shutdown", "ok")
        gateway.stop()  # waits for the end, whoever asked for it
    assert not gateway.running
    assert "asked for over REST" in caplog.text


@pytest.mark.parametrize(("method", "name"), [("POST", "shutdown"), ("GET", "heartbeat"), ("GET", "stats")])
def test_a_body_is_refused_and_nothing_is_done(desk: Any, method: str, name: str) -> None:
    answer = desk.request(method, f"{URL}/{name}", content=b'{"after": 5}')
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["type"], answer.json()["detail"][0]["loc"]) == ("no_body", ["body"])
    assert desk.gateway.running
    assert not any(thread.name == "controls-shutdown" for thread in threading.enumerate())
    assert desk.request("GET", f"{URL}/heartbeat", content=b" null ").status_code == 200


def test_an_end_that_is_asked_for_twice_is_one(desk: Any) -> None:
    assert [one(desk.post(f"{URL}/shutdown"))["status"] for _ in range(2)] == ["ok", "ok"]
    for thread in threading.enumerate():
        if thread.name == "controls-shutdown":
            thread.join(20)
    assert not desk.gateway.running


def test_a_bad_end_is_logged(desk: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    stop = type(desk.gateway).stop

    def stop_badly(gateway: Any) -> None:
        try:
            raise ConfigError("it went wrong")
        finally:
            ended.set()

    monkeypatch.setattr(type(desk.gateway), "stop", stop_badly)
    desk.post(f"{URL}/shutdown")
    assert ended.wait(20)
    monkeypatch.setattr(type(desk.gateway), "stop", stop)
    for thread in threading.enumerate():
        if thread.name == "controls-shutdown":
            thread.join(20)
    assert "did not come to a good end: it went wrong" in caplog.text


def test_methods_parameters_and_the_documentation(desk: Any) -> None:
    assert desk.get(f"{URL}/shutdown").status_code == 405
    assert desk.get(f"{URL}/heartbeat?x=1").status_code == 422
    paths = desk.get("/openapi.json").json()["paths"]
    assert {path: [*each] for path, each in paths.items() if "controls" in path and each.get("get", each).get} == {
        f"{URL}/": ["get"],
        f"{URL}/heartbeat": ["get"],
        f"{URL}/shutdown": ["post"],
        f"{URL}/stats": ["get"],
    }
    assert "504" in paths[f"{URL}/heartbeat"]["get"]["responses"]
    assert paths[f"{URL}/stats"]["get"]["tags"] == ["Controls"]


def test_no_such_control_and_no_way_to_the_engine(desk: Any, serve: Any) -> None:
    with pytest.raises(ConfigError, match="did you mean 'stats'"):
        desk.gateway.web_app.add_controls_api("stat")

    class Alone(GatewayModule):
        sends: bool = False

        def connect(self, channels: Desk) -> None:
            if self.sends:
                channels.add_send_channel("controls")

        def rest(self, app: GatewayWebApp) -> None:
            app.add_controls_api("heartbeat")

    with pytest.raises(ConfigError, match=r"add MountControls\(\)"):
        serve(Alone(), channels=Desk())
    with pytest.raises(NoProviderException, match="keeps no history"):
        serve(Alone(sends=True), channels=Desk())


def test_the_time_is_the_engines(desk: Any) -> None:
    one(desk.get(f"{URL}/stats"))
    first = one(desk.get(f"{URL}/stats"))["data"]["csp-now"]
    (newest,) = desk.gateway.channels.outside.history("controls").since(limit=1).ticks
    assert first == newest.time.replace(tzinfo=UTC).isoformat()
