"""MountRestRoutes: which verbs on which channels."""

import logging
import warnings
from collections.abc import Iterator
from typing import Annotated, Any

import csp
import pytest
from csp import ts
from fastapi.testclient import TestClient
from pydantic import ValidationError

from csp_gateway import (
    ConfigError,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountRestRoutes,
    State,
    UnknownChannelError,
)


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    b: ts[Count] = None


class Feed(GatewayModule):
    def connect(self, channels: Ch) -> None:
        for name in ("a", "b"):
            channels.set_channel(name, csp.const(Count(n=1)))
        channels.add_send_channel("a")


@pytest.fixture
def mounted() -> Iterator[Any]:
    gateways = []

    def mount(**options: Any) -> TestClient:
        gateway = Gateway(modules=[MountRestRoutes(**options), Feed()], channels=Ch())
        gateways.append(gateway)
        gateway.start(rest=True, _in_test=True)
        return TestClient(gateway.web_app, base_url="http://localhost")

    yield mount
    for gateway in gateways:
        if gateway.running:
            gateway.stop()


def verbs(client: TestClient) -> dict[str, list[str]]:
    return {verb: client.get(f"/api/v1/{verb}/").json() for verb in ("last", "next", "lookup", "send")}


def test_by_default_everything_that_can_be(mounted: Any) -> None:
    assert verbs(mounted()) == {"last": ["a", "b"], "next": ["a", "b"], "lookup": ["a", "b"], "send": ["a"]}


def test_a_selection_a_verb(mounted: Any) -> None:
    client = mounted(mount_last=["b"], mount_next={"exclude": ["a"]}, mount_lookup=[], mount_send=["b"])
    assert verbs(client) == {"last": ["b"], "next": ["b"], "lookup": [], "send": []}
    assert client.get("/api/v1/last/a").json()["detail"] == "Not Found"


def test_force_mount_all_overrides_selections_but_not_what_can_be_sent_to(mounted: Any) -> None:
    client = mounted(force_mount_all=True, mount_last=[], mount_send=[])
    assert verbs(client)["last"] == ["a", "b"]
    assert verbs(client)["send"] == ["a"]


def test_channels_that_cannot_be_sent_to_are_logged(mounted: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        mounted()
    assert "Requested channels missing send routes are: ['b']" in caplog.text


def test_it_is_a_warning_if_they_were_named(mounted: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = mounted(mount_send=["b"])
    (warned,) = (each for each in caplog.records if "missing send routes" in each.message)
    assert (warned.levelname, "channels.add_send_channel('b')" in warned.message) == ("WARNING", True)
    for path in ("b", "b/x"):
        answer = client.post(f"/api/v1/send/{path}", json={"n": 1})
        assert (answer.status_code, answer.json()["detail"]) == (404, "Not Found")
        assert answer.json()["hint"] == (
            "channel 'b' takes nothing from outside: let a module call channels.add_send_channel('b') in its connect"
        )


def test_a_mistyped_channel_fails_the_start(mounted: Any) -> None:
    with pytest.raises(UnknownChannelError, match="no channel 'aa' to select; did you mean 'a'"):
        mounted(mount_last=["aa"])


def test_a_selection_that_is_a_text_says_how_it_is_written() -> None:
    with pytest.raises(ValidationError, match=r"channels are selected by a list of their names: \['a'\]"):
        MountRestRoutes(mount_last="a")  # type: ignore[arg-type]  # the mistake is the point


def test_a_mistyped_option_names_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'mount_lookup'"):
        MountRestRoutes(mount_lokup=[])


def test_it_tells_where_the_routes_are() -> None:
    assert "/api/v1/{last,next,lookup,send,history,stage,state}/<channel>" in MountRestRoutes().info(GatewaySettings())


def test_it_tells_of_no_verb_that_is_not_there() -> None:
    routes = MountRestRoutes(mount_next=[], mount_lookup=[], mount_sql=False)
    gateway = Gateway(modules=[Feed(), routes], channels=Ch())
    gateway.start(rest=True, _in_test=True)
    gateway.stop()
    assert routes.info(gateway.settings) == "verbs     /api/v1/{last,send,history}/<channel>"


def test_it_needs_nobody_to_provide_anything() -> None:
    gateway = Gateway(modules=[MountRestRoutes()], channels=Ch())
    gateway.start(rest=True, _in_test=True)
    assert TestClient(gateway.web_app, base_url="http://localhost").get("/api/v1/last/a").status_code == 404
    gateway.stop()


# --- Baskets and channels of other types -----------------------------------------------------------------------------


class Side(csp.Enum):
    BUY = 0
    SELL = 1


with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    class Mixed(GatewayChannels):
        a: ts[Count] = None
        by_side: dict[Side, ts[Count]] = None
        by_name: dict[str, ts[list[Count]]] = None
        legs: list[ts[Count]] = None
        numbers: ts[float] = None


class MixedFeed(GatewayModule):
    """Sets every channel, opens every channel."""

    def dynamic_keys(self) -> dict[str, Any]:
        return {"by_name": ["x", "y"], "legs": 2}

    def connect(self, channels: Mixed) -> None:
        count = csp.const(Count(n=1))
        channels.set_channel("a", count)
        channels.set_channel("by_side", dict.fromkeys(Side, count))
        channels.set_channel("by_name", {name: csp.const([Count(n=2)]) for name in "xy"})
        channels.set_channel("legs", [count, count])
        channels.set_channel("numbers", csp.const(1.5))
        for field in Mixed.fields():
            channels.add_send_channel(field)


@pytest.fixture
def mixed() -> Iterator[Any]:
    gateways = []

    def mount(*modules: GatewayModule, **options: Any) -> Gateway:
        gateway = Gateway(modules=[*modules, MountRestRoutes(**options), MixedFeed()], channels=Mixed())
        gateways.append(gateway)
        gateway.start(rest=True, _in_test=True)
        return gateway

    yield mount
    for gateway in gateways:
        if gateway.running:
            gateway.stop()


@pytest.mark.parametrize("options", [{}, {"force_mount_all": True}, {"mount_last": {"exclude": ["numbers"]}}])
def test_what_rest_cannot_carry_is_left_out_and_named_in_the_log(
    mixed: Any, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        gateway = mixed(**options)
    client = TestClient(gateway.web_app, base_url="http://localhost")
    carried = ["a", "by_name", "by_side", "legs"]
    keys = ["by_name/x", "by_name/y", "by_side/BUY", "by_side/SELL", "legs/0", "legs/1"]
    assert verbs(client) == {"last": carried, "next": carried, "lookup": carried, "send": sorted(carried + keys)}
    assert [line for line in caplog.messages if "cannot carry" in line] == [
        "Channels that REST cannot carry, and that have no routes: numbers: ts[float]",
        "Channels that REST cannot carry, and that have no history: by_side: Dict[Side, ts[Count]], "
        "by_name: Dict[str, ts[List[Count]]], legs: List[ts[Count]]",
    ]
    assert "ts[float], and REST carries GatewayStructs" in client.get("/api/v1/last/numbers").json()["hint"]


@pytest.mark.parametrize("verb", ["last", "next", "lookup", "send"])
def test_the_path_of_what_is_left_out_is_that_of_no_channel(mixed: Any, verb: str) -> None:
    client = TestClient(mixed().web_app, base_url="http://localhost")
    method = "POST" if verb == "send" else "GET"
    answered = client.request(method, f"/api/v1/{verb}/numbers", json={"n": 1} if verb == "send" else None)
    assert (answered.status_code, answered.json()["detail"]) == (404, "Not Found")


def test_beside_them_the_graph_and_the_outside_work(mixed: Any) -> None:
    gateway = mixed()
    assert gateway.channels.last("numbers", timeout=10) == 1.5
    assert gateway.channels.last("by_side", Side.SELL, timeout=10).n == 1
    gateway.channels.send("numbers", 2.5)
    assert gateway.channels.last("numbers", timeout=10) == 2.5
    assert TestClient(gateway.web_app, base_url="http://localhost").get("/api/v1/last/a").json()[0]["n"] == 1


@pytest.mark.parametrize(
    ("verb", "channel", "why"),
    [
        *((verb, "numbers", r"'numbers': it is ts\[float\], and REST carries") for verb in ("last", "next", "send")),
        ("lookup", "numbers", "Wrap what ticks in a GatewayStruct"),
        ("history", "legs", r"'legs': it is a basket, List\[ts\[Count\]\]"),
    ],
)
def test_what_rest_cannot_carry_fails_the_start_when_it_is_named(mixed: Any, verb: str, channel: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"mount_{verb} names '{channel}': REST cannot carry .*{why}") as told:
        mixed(**{f"mount_{verb}": ["a", channel]})
    assert "raised while MountRestRoutes connected" in told.value.__notes__


@pytest.mark.parametrize(
    ("verb", "channel"),
    [("last", "numbers"), ("next", "numbers"), ("lookup", "numbers"), ("send", "numbers"), ("history", "by_side")],
)
def test_a_module_that_mounts_one_fails_the_start(mixed: Any, verb: str, channel: str) -> None:
    class Mounts(GatewayModule):
        def connect(self, channels: Mixed) -> None:
            pass

        def rest(self, app: Any) -> None:
            getattr(app, f"add_{verb}_api")(channel)

    with pytest.raises(ConfigError, match=f"REST cannot carry .*channel '{channel}'"):
        mixed(Mounts())


def test_what_is_staged_is_served_and_what_is_named_and_not_staged_is_told_of(
    gateway_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Stages(Feed):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            channels.set_stage("a")

    assert gateway_client(Ch(), Stages(), MountRestRoutes()).get("/api/v1/stage/").json() == ["a"]
    with caplog.at_level(logging.INFO):
        client = gateway_client(Ch(), Stages(), MountRestRoutes(mount_stage=["b"]))
    assert client.get("/api/v1/stage/").json() == []
    assert client.get("/api/v1/stage/a").status_code == 404
    assert "channel 'b' is not staged: call channels.set_stage('b')" in client.get("/api/v1/stage/b").json()["hint"]
    assert "Requested channels missing stage routes: ['b']" in caplog.text
    assert gateway_client(Ch(), Feed(), MountRestRoutes()).get("/api/v1/stage/").json() == []


# --- States and SQL ---------------------------------------------------------------------------------------------------


with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    class Kept(GatewayChannels):
        a: Annotated[ts[Count], State("n"), State("id", alias="by_id")] = None
        by_side: dict[Side, ts[Count]] = None
        numbers: Annotated[ts[float], State()] = None


class KeptFeed(GatewayModule):
    """Sets ``a`` and the sides, and has their states collected: of the basket, key by key."""

    def connect(self, channels: Kept) -> None:
        channels.set_channel("a", csp.const(Count(n=1)))
        channels.set_channel("by_side", dict.fromkeys(Side, csp.const(Count(n=2))))
        for side in Side:
            channels.set_state("by_side", "n", side)


@pytest.fixture
def kept(gateway_client: Any) -> Any:
    return lambda **options: gateway_client(Kept(), KeptFeed(), MountRestRoutes(**options))


def states(client: TestClient, version: str = "v1") -> list[str]:
    names: list[str] = client.get(f"/api/{version}/state/").json()
    return names


def test_every_state_of_structs_is_served_and_the_others_are_told_of(
    kept: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        client = kept()
    assert states(client) == ["a", "by_id", "by_side"]
    assert [record["n"] for record in client.get("/api/v1/state/by_side/SELL").json()] == [2]
    assert client.get("/api/v1/state/numbers").json()["detail"] == "Not Found"
    assert client.post("/api/v1/sql", json={"sql": "select n from a"}).json() == [{"n": 1}]
    (told,) = [line for line in caplog.messages if "REST cannot carry state" in line]
    assert "'numbers': it holds float, and REST carries GatewayStructs" in told
    assert "MountRestRoutes(mount_state={'exclude': ['numbers']})" in told


@pytest.mark.parametrize(
    ("chosen", "served"),
    [
        (["by_id"], ["by_id"]),
        ({"exclude": ["a", "numbers"]}, ["by_id", "by_side"]),
        ([], []),
        (["by_side", "a"], ["a", "by_side"]),
    ],
)
def test_states_are_selected_by_their_names(kept: Any, chosen: Any, served: list[str]) -> None:
    client = kept(mount_state=chosen)
    assert states(client) == served
    for name in {"a", "by_id", "by_side", "by-id"} - {*served, *(name.replace("_", "-") for name in served)}:
        assert client.get(f"/api/v1/state/{name}").json()["detail"] == "Not Found"


def test_sql_is_served_unless_told_otherwise(kept: Any) -> None:
    question = {"sql": "select 1 as x"}
    assert kept(mount_sql=False).post("/api/v1/sql", json=question).status_code == 404
    assert kept(mount_sql=False, force_mount_all=True).post("/api/v1/sql", json=question).json() == [{"x": 1}]


def test_force_mount_all_overrides_the_selection_of_states(kept: Any) -> None:
    assert states(kept(force_mount_all=True, mount_state=["by_id"])) == ["a", "by_id", "by_side"]


def test_a_named_state_without_structs_fails_the_start(kept: Any) -> None:
    with pytest.raises(ConfigError, match="mount_state names 'numbers': REST cannot carry state 'numbers'"):
        kept(mount_state=["a", "numbers"])


def test_a_mistyped_state_fails_the_start(kept: Any) -> None:
    for options in ({"include": ["by_ids"]}, {"exclude": ["by_ids"]}):
        with pytest.raises(UnknownChannelError, match="'by_ids' to select; did you mean 'by_id'"):
            kept(mount_state=options)


def test_a_channel_that_is_named_and_has_no_state_is_told_of(mounted: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client = mounted(mount_state=["a"])
    assert states(client) == []
    assert "Requested channels missing state routes: ['a']" in caplog.text


def test_history_is_selected_as_the_other_verbs(mounted: Any) -> None:
    client = mounted(mount_last=[], mount_history=["b"])
    assert client.get("/api/v1/history/").json() == ["b"]
    assert [tick["value"]["n"] for tick in client.get("/api/v1/history/b").json()] == [1]
    assert client.get("/api/v1/history/a").status_code == 404


def test_states_and_sql_under_another_version(kept: Any) -> None:
    client = kept(api_version="v2")
    assert states(client, "v2") == ["a", "by_id", "by_side"]
    assert len(client.get("/api/v2/state/a").json()) == 1
    assert client.post("/api/v2/sql", json={"sql": "select n from by_id"}).json() == [{"n": 1}]
    assert client.get("/api/v1/state/a").status_code == 404
