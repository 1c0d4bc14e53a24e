"""VerbRoutes: which verbs are served of which channels."""

from typing import Annotated, Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    DeclarationError,
    GatewayChannels,
    GatewayModule,
    GatewayWebApp,
    MountRestRoutes,
    MountWebSocketRoutes,
    NoProviderException,
    State,
)

from . import conftest


def test_a_channel_without_structs_is_not_mounted(serve: Any) -> None:
    with pytest.warns(UserWarning, match="not available over REST"):

        class Plain(GatewayChannels):
            numbers: ts[int] = None

    class Feed(GatewayModule):
        def connect(self, channels: Plain) -> None:
            channels.set_channel(Plain.numbers, csp.const(1))

    client = serve(Feed(), MountRestRoutes(force_mount_all=True), channels=Plain())
    assert client.get("/api/v1/last/").json() == []
    assert client.get("/api/v1/last/numbers").status_code == 404


def test_a_channel_named_id_has_no_lookup(serve: Any) -> None:
    class Named(GatewayChannels):
        id: ts[conftest.Count] = None

    class Feed(GatewayModule):
        def connect(self, channels: Any) -> None:
            channels.add_send_channel("id")

    with pytest.raises(DeclarationError, match="'exclude'"):
        serve(Feed(), MountRestRoutes(), channels=Named())
    client = serve(Feed(), MountRestRoutes(mount_lookup={"exclude": ["id"]}), channels=Named())
    assert client.post("/api/v1/send/id", json={"n": 1}).json() == client.get("/api/v1/last/id").json()


class Kept(GatewayChannels):
    counts: Annotated[ts[conftest.Count], State("n")] = None


class KeptFeed(GatewayModule):
    def connect(self, channels: Any) -> None:
        channels.add_send_channel("counts")


def mounts(*states: str, sql: bool = False) -> GatewayModule:
    """A module that serves states, and SQL, by itself."""

    class Mounts(GatewayModule):
        def connect(self, channels: Any) -> None:
            pass

        def rest(self, app: GatewayWebApp) -> None:
            for alias in states:
                app.add_state_api(alias, "v2")
            if sql:
                app.add_sql_api("v2")
            app.add_available_channels(["state"], "v2")

    return Mounts()


def test_a_module_serves_states_and_sql(serve: Any) -> None:
    client = serve(KeptFeed(), mounts("counts", sql=True), channels=Kept())
    client.gateway.channels.send("counts", conftest.Count(n=3))
    assert client.get("/api/v2/state/").json() == ["counts"]
    assert [record["n"] for record in client.get("/api/v2/state/counts").json()] == [3]
    assert client.post("/api/v2/sql", json={"sql": "select n from counts"}).json() == [{"n": 3}]
    paths = client.get("/openapi.json").json()["paths"]
    assert paths["/api/v2/state/counts"]["get"]["tags"] == ["State (v2)"]
    assert paths["/api/v2/sql"]["post"]["tags"] == ["Utility (v2)"]


def test_a_state_that_is_not_there_names_the_nearest(serve: Any) -> None:
    with pytest.raises(NoProviderException, match="did you mean 'counts'"):
        serve(KeptFeed(), mounts("count"), channels=Kept())


def test_a_dead_engine_has_no_states(serve: Any) -> None:
    client = serve(KeptFeed(), MountRestRoutes(), channels=Kept())
    client.gateway.stop()
    answer = client.get("/api/v1/state/counts")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_link_to_the_next_page_is_one_that_a_proxy_knows(serve: Any) -> None:
    client = serve(KeptFeed(), MountRestRoutes(), channels=Kept(), ROOT_PATH="/desk")
    for n in range(3):
        client.gateway.channels.send("counts", conftest.Count(n=n))
    answer = client.get("/api/v1/state/counts", params={"query": '{"limit": 2}'})
    assert answer.links["next"]["url"].startswith("/desk/api/v1/state/counts?")


def test_what_the_verbs_share_is_counted(serve: Any) -> None:
    client = serve(conftest.Feed(), MountRestRoutes(), MountWebSocketRoutes())
    counted = client.gateway.web_app.statistics()
    assert list(counted) == ["requests", "idempotency", "workers", "live"]
    assert counted["live"]["clients"] == 0
