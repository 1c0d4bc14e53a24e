"""Bodies of send for baskets, and what last and next then say of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import csp
import pytest
from csp import ts
from fastapi.testclient import TestClient

from csp_gateway import ChannelSelection, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes
from csp_gateway.testing import GatewayTestClient

from .test_next import when_asked


class Count(GatewayStruct):
    n: int


class Side(csp.Enum):
    BUY = 0
    SELL = 1
    HOLD = 2


class Ch(GatewayChannels):
    by_side: dict[Side, ts[Count]] = None
    by_name: dict[str, ts[list[Count]]] = None
    legs: list[ts[Count]] = None
    some_keys: dict[str, ts[Count]] = None


class Feed(GatewayModule):
    """All can be sent to, but ``y`` of ``some_keys``; nobody provides its ``z``."""

    requires: ChannelSelection | None = []

    def dynamic_keys(self) -> dict[str, Any]:
        return {"by_name": ["x", "a/b", "ü"], "legs": 3, "some_keys": ["x", "y", "z"]}

    def connect(self, channels: Ch) -> None:
        for field in ("by_side", "by_name", "legs"):
            channels.add_send_channel(field)
        channels.add_send_channel("some_keys", "x")
        channels.set_channel("some_keys", csp.null_ts(Count), "y")


@pytest.fixture
def client(gateway_client: Callable[..., GatewayTestClient]) -> GatewayTestClient:
    return gateway_client(Ch(), Feed(), MountRestRoutes())


@pytest.fixture(params=["front", "fastapi"])
def way(client: GatewayTestClient, request: pytest.FixtureRequest) -> Any:
    """Both ways to an answer, which must be alike."""
    return client if request.param == "front" else TestClient(client.gateway.web_app.get_fastapi())


def ns(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [record["n"] for record in answer.json()]


def test_one_cycle_for_all_keys_in_the_order_of_the_keys(client: Any, way: Any) -> None:
    assert ns(way.get("/api/v1/last/by_side")) == []
    assert ns(way.post("/api/v1/send/by_side", json={"SELL": {"n": 2}, "BUY": {"n": 1}})) == [2, 1]
    assert ns(way.get("/api/v1/last/by_side")) == ns(way.get("/api/v1/last/by-side")) == [1, 2]
    assert ns(way.get("/api/v1/last/by_side/SELL")) == ns(way.get("/api/v1/last/by-side/SELL")) == [2]
    assert ns(way.get("/api/v1/last/by_side/HOLD")) == []
    assert client.gateway.channels.statistics()["sends"]["by_side"]["sent"] == 1


def test_lists_are_joined_and_a_key_may_have_slashes(way: Any) -> None:
    assert ns(way.post("/api/v1/send/by_name", json={"a/b": [{"n": 2}, {"n": 3}], "x": {"n": 1}})) == [2, 3, 1]
    assert ns(way.get("/api/v1/last/by_name")) == [1, 2, 3]
    assert ns(way.get("/api/v1/last/by_name/a/b")) == [2, 3]
    assert ns(way.post("/api/v1/send/by_name/ü", json=[{"n": 5}, {"n": 6}])) == [5, 6]
    assert ns(way.get("/api/v1/last/by-name/ü")) == [5, 6]


def test_positions_are_the_keys_of_a_list(client: Any, way: Any) -> None:
    assert ns(way.post("/api/v1/send/legs", json={"2": {"n": 2}, "0": {"n": 0}})) == [2, 0]
    assert ns(way.get("/api/v1/last/legs")) == [0, 2]
    assert ns(way.post("/api/v1/send/legs/1", json=[{"n": 7}, {"n": 1}])) == [7, 1]
    assert ns(way.get("/api/v1/last/legs/1")) == [1]
    assert ns(way.get("/api/v1/last/legs")) == [0, 1, 2]
    assert client.gateway.channels.statistics()["sends"]["legs"]["sent"] == 3


def test_nothing_is_nothing(client: Any, way: Any) -> None:
    assert ns(way.post("/api/v1/send/by_side", json={})) == []
    assert ns(way.post("/api/v1/send/by_name", json={"x": []})) == []
    assert ns(way.post("/api/v1/send/by_side/BUY", json=[])) == []
    assert {each["sent"] for each in client.gateway.channels.statistics()["sends"].values()} == {0}


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("by_side", {"BUI": {"n": 1}}, ["body", "BUI", "[key]"]),
        ("by_side/BUI", {"n": 1}, ["path", "key"]),
        ("legs/3", {"n": 1}, ["path", "key"]),
        ("by_side", {"BUY": {"n": "x"}}, ["body", "BUY", "n"]),
        ("by_name", {"x": [{"n": 1}, {"n": "x"}]}, ["body", "x", 1, "n"]),
        ("by_side", {"BUY": [{"n": 1}]}, ["body", "BUY"]),
        ("by_side", [{"n": 1}], ["body"]),
        ("by_side/BUY", {"n": "x"}, ["body", "n"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(client: Any, way: Any, path: str, body: Any, where: list[Any]) -> None:
    answer = way.post(f"/api/v1/send/{path}", json=body)
    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert detail["loc"] == where
    assert "BUI" not in path or "did you mean 'BUY'?" in detail["msg"]
    assert {each["sent"] for each in client.gateway.channels.statistics()["sends"].values()} == {0}


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        ("GET", "last/by_side/BUI", "Channel not found: by_side/BUI; did you mean 'BUY'?"),
        ("GET", "last/by_side/", "Channel not found: by_side/; known: BUY, HOLD, SELL"),
        ("GET", "next/legs/99", "Channel not found: legs/99; known: 0, 1, 2"),
        ("GET", "last/some_keys/z", "Channel not found: some_keys/z"),
        ("GET", "next/some-keys/z", "Channel not found: some_keys/z"),
        ("POST", "send/some_keys/y", "Channel not found: some_keys/y"),
        ("POST", "send/some_keys", "Channel not found: some_keys/y"),
        ("GET", "last/exampel", "Not Found"),
        ("GET", "last/exampel/x", "Not Found"),
    ],
)
def test_a_key_that_is_not_there_is_404(way: Any, method: str, path: str, detail: str) -> None:
    body = {"x": {"n": 1}, "y": {"n": 2}} if path == "send/some_keys" else {"n": 1}
    answer = way.request(method, f"/api/v1/{path}", json=body if method == "POST" else None)
    assert (answer.status_code, answer.json()["detail"]) == (404, detail)


def test_a_key_that_nobody_sets_or_opened_says_what_to_do(way: Any) -> None:
    unset, closed = way.get("/api/v1/last/some_keys/z"), way.post("/api/v1/send/some_keys/y", json={"n": 1})
    assert "no module sets key 'z' of channel 'some_keys'" in unset.json()["hint"]
    assert closed.json()["hint"] == "key 'y' takes nothing from outside, as it is not opened; known: x"


def test_of_many_unknown_keys_the_first_hundred_are_told(way: Any) -> None:
    answer = way.post("/api/v1/send/by_side", json={f"key{n}": {"n": n} for n in range(250)})
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) == 100
    assert answer.json()["more"] == 150


def test_records_are_counted_over_all_keys(way: Any, client: Any) -> None:
    half = b"[" + b",".join([b'{"n":1}'] * 50_001) + b"]"
    headers = {"content-type": "application/json"}
    answer = way.post("/api/v1/send/by_name", content=b'{"x":%b,"a/b":%b}' % (half, half), headers=headers)
    assert answer.status_code == 422
    assert [detail["type"] for detail in answer.json()["detail"]] == ["too_long"]
    assert client.gateway.channels.statistics()["sends"]["by_name"]["sent"] == 0


def test_next_of_a_key_waits_for_that_key(client: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        of_key = pool.submit(client.get, "/api/v1/next/by_side/SELL")
        when_asked(client, "by_side", lambda: None)
        whole = pool.submit(client.get, "/api/v1/next/by_side")
        cell = client.gateway.channels.outside.cell("by_side")
        while len(cell._upcoming) < 2:
            time.sleep(0.002)
        client.post("/api/v1/send/by_side/BUY", json={"n": 1})
        assert ns(whole.result(10)) == [1]
        assert not of_key.done()
        client.post("/api/v1/send/by_side/SELL", json={"n": 2})
        assert ns(of_key.result(10)) == [2]


def test_what_is_open_is_listed_and_a_struct_is_looked_up(client: Any) -> None:
    listed = client.get("/api/v1/send/").json()
    assert [name for name in listed if name.startswith(("legs", "some"))] == [
        *("legs", "legs/0", "legs/1", "legs/2"),
        *("some_keys", "some_keys/x"),
    ]
    (sent,) = client.post("/api/v1/send/legs/1", json={"n": 7}).json()
    assert client.get(f"/api/v1/lookup/legs/{sent['id']}").json() == [sent]


def test_the_documentation_knows_the_keys(client: Any) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    last = paths["/api/v1/last/by_side/{key}"]["get"]
    assert (last["operationId"], last["type_"]) == ("get_last_by_side_by_key", f"{__name__}.Count")
    assert [each["schema"]["enum"] for each in last["parameters"] if each["name"] == "key"] == [["BUY", "SELL", "HOLD"]]
    ids = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    whole = paths["/api/v1/send/by_side"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert whole["additionalProperties"]["$ref"].endswith("/Count")
