"""GET history."""

import csv
import io
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import csp
import pyarrow as pa
import pytest
from csp import ts
from fastapi import APIRouter

from csp_gateway import ChannelSelection, GatewayChannels, GatewayModule, GatewayStruct, Keep, MountRestRoutes
from csp_gateway.server.web.verbs import shape_of
from csp_gateway.server.web.verbs.history import mount_history
from csp_gateway.testing import GatewayTestClient

ARROW = "application/vnd.apache.arrow.stream"


class Count(GatewayStruct):
    """A number."""

    n: int


class Ch(GatewayChannels):
    my_counts: Annotated[ts[Count], Keep(items=1_500)] = None
    several: Annotated[ts[list[Count]], Keep()] = None
    unkept: ts[Count] = None
    nobody: Annotated[ts[Count], Keep()] = None


class Feed(GatewayModule):
    requires: ChannelSelection | None = []

    def connect(self, channels: Ch) -> None:
        for channel in (Ch.my_counts, Ch.several, Ch.unkept):
            channels.add_send_channel(channel)

    def rest(self, app: Any) -> None:
        router = APIRouter(prefix="/kept")
        for declaration in app.channels.declared.values():
            mount_history(router, app.outside, shape_of(declaration))
        app.get_router("api").include_router(router)


REST = MountRestRoutes(**{f"mount_{verb}": {"include": []} for verb in ("last", "next", "lookup", "history")})


@pytest.fixture
def client(gateway_client: Callable[..., GatewayTestClient]) -> GatewayTestClient:
    return gateway_client(Ch(), Feed(), REST)


def send(client: Any, channel: str, *numbers: int) -> list[dict[str, Any]]:
    answer = client.post(f"/api/v1/send/{channel}", json=[{"n": n} for n in numbers])
    assert answer.status_code == 200
    return answer.json()


def history(client: Any, channel: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1/kept/{channel}", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def numbers(answer: Any) -> list[int]:
    return [tick["value"]["n"] for tick in answer.json()]


def test_a_tick_has_its_offset_time_and_record(client: Any) -> None:
    assert history(client, "my_counts").json() == []
    sent = send(client, "my_counts", 5, 6)
    answer = history(client, "my_counts")
    ticks = answer.json()
    assert [(tick["offset"], tick["value"]) for tick in ticks] == list(enumerate(sent))
    assert ticks[0]["time"] <= ticks[1]["time"]
    assert list(ticks[0]) == ["offset", "time", "value"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept"
    assert history(client, "my-counts").json() == ticks


def test_a_list_channel_has_an_array(client: Any) -> None:
    sent = send(client, "several", 1, 2), send(client, "several", 3)
    assert [tick["value"] for tick in history(client, "several").json()] == list(sent)


def test_pages_follow_each_other_and_new_ticks_follow_them(client: Any) -> None:
    send(client, "my_counts", *range(1_200))
    assert numbers(history(client, "my_counts")) == list(range(200, 1_200))
    answer = history(client, "my_counts", since=0, limit=500)
    assert (answer.headers["x-remaining"], answer.headers["x-recovered"]) == ("700", "true")
    found = numbers(answer)
    while link := answer.links.get("next"):
        assert link["url"].startswith("/api/v1/kept/my_counts?limit=500&cursor=")
        answer = client.get(link["url"])
        found += numbers(answer)
    assert found == list(range(1_200))
    assert (answer.headers["x-remaining"], "link" in answer.headers) == ("0", False)
    again = history(client, "my_counts", cursor=answer.headers["x-next-cursor"])
    assert again.json() == []
    send(client, "my_counts", 7)
    assert numbers(history(client, "my_counts", cursor=again.headers["x-next-cursor"])) == [7]


def test_between_two_offsets_and_two_times(client: Any) -> None:
    send(client, "my_counts", *range(5))
    ticks = history(client, "my_counts", since=1, until=4).json()
    assert [tick["offset"] for tick in ticks] == [1, 2, 3]
    first, last = history(client, "my_counts").json()[0]["time"], history(client, "my_counts").json()[-1]["time"]
    timed = history(client, "my_counts", since=first, until=f"{last}Z")
    assert timed.json() == [tick for tick in history(client, "my_counts").json() if tick["time"] < last]
    link = history(client, "my_counts", since=0, until=4, limit=1).links["next"]["url"]
    assert "until" not in link
    assert numbers(client.get(link.replace("limit=1", "limit=9"))) == [1, 2, 3]


def test_what_is_missing_is_said(client: Any) -> None:
    send(client, "my_counts", *range(1_600))
    answer = history(client, "my_counts", since=0, limit=1)
    assert numbers(answer) == [100]
    assert (answer.headers["x-recovered"], answer.headers["x-reason"]) == ("false", "expired")
    assert (answer.headers["x-epoch"], answer.headers["x-remaining"]) == (kept(client).epoch, "1499")
    answer = history(client, "my_counts", since=5_000)
    assert (answer.headers["x-recovered"], answer.headers["x-reason"]) == ("false", "epoch_changed")


def kept(client: Any) -> Any:
    return client.gateway.channels.outside.history("my_counts")


def test_in_columns(client: Any) -> None:
    send(client, "several", 1, 2)
    send(client, "several", 3)
    stream = client.get("/api/v1/kept/several", headers={"accept": ARROW})
    assert stream.headers["x-remaining"] == "0"
    table = pa.ipc.open_stream(stream.content).read_all()
    assert table.column_names == ["offset", "time", "id", "timestamp", "n"]
    assert table.select(["offset", "n"]).to_pydict() == {"offset": [0, 0, 1], "n": [1, 2, 3]}
    text = client.get("/api/v1/kept/several", headers={"accept": "text/csv"}).text
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["offset", "0", "0", "1"]


def test_it_may_be_long(client: Any) -> None:
    send(client, "my_counts", *range(1_500))
    answer = history(client, "my_counts", limit=10_000)
    assert numbers(answer) == list(range(1_500))
    assert "content-length" not in answer.headers


WRONG = {
    "since=soon": "since",
    "until=x": "until",
    "since=2&until=1": "until",
    "limit=0": "limit",
    "limit=10001": "limit",
    "limit=x": "limit",
    "cursor=x": "cursor",
    "since=1&cursor=x": "since",
}
"""Query string → what is wrong with it."""


def test_what_is_wrong_with_the_query_is_said_as_ever(client: Any) -> None:
    for query, where in WRONG.items():
        answer = client.get(f"/api/v1/kept/my_counts?{query}")
        assert answer.status_code == 422
        (error,) = answer.json()["detail"]
        assert error["loc"] == ["query", where]
        assert {"type", "loc", "msg", "input"} <= set(error)


def test_what_is_said_twice_is_refused(client: Any) -> None:
    for query in ("limit=1&limit=2", "since=1&until=4&since=1"):
        answer = client.get(f"/api/v1/kept/my_counts?{query}")
        assert (answer.status_code, "is given 2 times" in str(answer.json()["detail"])) == (422, True)


def test_a_cursor_of_another_channel_is_refused(client: Any) -> None:
    cursor = history(client, "my_counts").headers["x-next-cursor"]
    answer = client.get("/api/v1/kept/several", params={"cursor": cursor})
    assert answer.status_code == 422
    assert "'my_counts'" in answer.json()["detail"][0]["msg"]


def test_no_format_is_accepted(client: Any) -> None:
    answer = client.get("/api/v1/kept/my_counts?since=soon", headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert ARROW in answer.json()["detail"]


def test_nobody_provides_it_or_nothing_is_kept(client: Any) -> None:
    answer = client.get("/api/v1/kept/nobody")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Channel not found: nobody")
    answer = client.get("/api/v1/kept/unkept")
    assert answer.status_code == 404
    assert "channels.expose('unkept')" in answer.json()["detail"]


def test_after_the_end(client: Any) -> None:
    client.gateway.stop()
    assert client.get("/api/v1/kept/my_counts").status_code == 503


def test_it_does_not_wait_for_an_engine_that_is_stuck(gateway_client: Any) -> None:
    busy, go_on = threading.Event(), threading.Event()

    class Sleepy(Feed):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("held", csp.apply(csp.const(True, timedelta(milliseconds=50)), hold, bool))

    def hold(_: bool) -> bool:
        busy.set()
        return go_on.wait(15)

    client = gateway_client(Ch(), Sleepy(), REST)
    assert busy.wait(5)
    send(client, "my_counts", 2)
    started = time.monotonic()
    assert numbers(history(client, "my_counts")) == []
    assert time.monotonic() - started < 5
    late = client.get("/api/v1/kept/my_counts?timeout=0.02")
    sentence = "it waited for what was sent to my_counts before to arrive, and the ticks to be read"
    assert (late.status_code, late.json()["detail"].partition("; ")[2]) == (504, sentence)
    go_on.set()


def test_what_is_documented(client: Any) -> None:
    api = client.get("/openapi.json").json()
    operation = api["paths"]["/api/v1/kept/my_counts"]["get"]
    assert operation["summary"] == "Get History my_counts"
    assert operation["type_"].endswith("Count")
    parameters = {each["name"]: each for each in operation["parameters"]}
    assert list(parameters) == ["since", "until", "limit", "cursor", "timeout"]
    assert all(each["description"] for each in parameters.values())
    assert parameters["limit"]["schema"]["maximum"] == 10_000
    assert set(operation["responses"]) >= {"200", "404", "406", "422", "503"}
    answer = operation["responses"]["200"]
    assert list(answer["headers"]) == [*("X-Epoch", "X-Next-Cursor", "X-Remaining", "X-Recovered", "X-Reason", "Link")]
    assert {"application/json", "application/x-ndjson", "text/csv", ARROW} <= set(answer["content"])
    name = answer["content"]["application/json"]["schema"]["items"]["$ref"].rpartition("/")[2]
    assert name == "CountTick"
    assert list(api["components"]["schemas"][name]["properties"]) == ["offset", "time", "value"]
    assert api["components"]["schemas"]["CountListTick"]["properties"]["value"]["type"] == "array"
    assert "/api/v1/kept/my-counts" not in api["paths"]
    ids = [operation["operationId"] for path in api["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
