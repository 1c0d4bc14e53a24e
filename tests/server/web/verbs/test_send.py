"""POST send."""

from datetime import UTC, datetime, timedelta
from typing import Any

import csp
import pytest

from csp_gateway import MountRestRoutes
from csp_gateway.server.web.verbs.intake import RECORDS_LIMIT

from .. import conftest

URL = "/api/v1/send/my_counts"


def test_what_is_sent_ticks_and_is_answered(client: Any) -> None:
    answer = client.post(URL, json={"n": 3, "note": "x"})
    assert answer.status_code == 200
    assert [(record["n"], record["note"]) for record in answer.json()] == [(3, "x")]
    assert client.gateway.channels.last("my_counts").n == 3


def test_an_array_is_a_tick_each_and_a_list_channel_ticks_once(client: Any) -> None:
    answer = client.post(URL, json=[{"n": 1}, {"n": 2}, {"n": 3}]).json()
    assert [record["n"] for record in answer] == [1, 2, 3]
    client.post("/api/v1/send/several", json=[{"n": 1}, {"n": 2}])
    client.post("/api/v1/send/several", json={"n": 4})
    assert [record.n for record in client.gateway.channels.last("several")] == [4]
    sends = client.gateway.channels.statistics()["sends"]
    assert (sends["my_counts"]["sent"], sends["several"]["sent"]) == (3, 2)


def test_nothing_is_nothing(client: Any) -> None:
    assert (client.post(URL, json=[]).status_code, client.post(URL, json=[]).json()) == (200, [])
    assert client.gateway.channels.statistics()["sends"]["my_counts"]["sent"] == 0


def test_id_and_timestamp_are_made_here(client: Any) -> None:
    claimed = {"n": 1, "id": "mine", "timestamp": "2001-01-01T00:00:00"}
    for url in (URL, f"{URL}?token=1"):
        (record,) = client.post(url, json=claimed).json()
        assert record["id"].isdigit()
        now = datetime.now(UTC).replace(tzinfo=None)
        assert abs(datetime.fromisoformat(record["timestamp"]) - now) < timedelta(minutes=1)


def test_id_and_timestamp_are_believed_when_asked_to(serve: Any) -> None:
    client = serve(conftest.Feed(), MountRestRoutes(keep_sent_identity=True))
    claimed = {"n": 1, "id": "mine", "timestamp": "2001-01-01T00:00:00"}
    for url in (URL, f"{URL}?token=1"):
        (record,) = client.post(url, json=claimed).json()
        assert (record["id"], record["timestamp"]) == ("mine", "2001-01-01T00:00:00")


@pytest.mark.parametrize(
    ("body", "where", "kind"),
    [
        ({"n": "x"}, ["body", "n"], "int_parsing"),
        ({"n": 1, "m": 2}, ["body", "m"], "extra_forbidden"),
        ([{"n": 1}, {"n": "x"}], ["body", 1, "n"], "int_parsing"),
        ("text", ["body"], None),
    ],
)
def test_what_is_wrong_is_said_in_pydantics_shape(client: Any, body: Any, where: list[Any], kind: str | None) -> None:
    answer = client.post(URL, json=body)
    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert detail["loc"] == where
    assert kind in (None, detail["type"])
    assert {"type", "loc", "msg", "input"} <= set(detail)
    assert client.gateway.channels.statistics()["sends"]["my_counts"]["sent"] == 0


NO_JSON = [b"{not json", b"", b"\xff\xfe", b"[" * 5000, b'{"n": NaN}', b'{"n": -Infinity}', b'{"note": "\xff"}', b"3"]


@pytest.mark.parametrize("body", NO_JSON)
@pytest.mark.parametrize("padding", [0, 100_000])
def test_what_is_no_json(client: Any, body: bytes, padding: int) -> None:
    answer = client.post(URL, content=body + b" " * padding, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    for detail in answer.json()["detail"]:
        assert {"type", "loc", "msg", "input"} <= set(detail)
        assert detail["loc"][0] == "body"
    assert len(answer.content) < 3000


def test_of_many_errors_the_first_hundred_are_told(client: Any) -> None:
    answer = client.post(URL, json=[{"n": "x", "note": "y" * 5000}] * 250)
    assert answer.status_code == 422
    assert [detail["loc"][1] for detail in answer.json()["detail"]] == list(range(100))
    assert answer.json()["more"] == 150


def test_of_too_many_errors_nobody_counts_the_rest(client: Any) -> None:
    answer = client.post(URL, json=[{"n": 1}] * 300 + [{"n": "x"}] * 5000)
    assert [detail["loc"][1] for detail in answer.json()["detail"]] == list(range(300, 400))
    assert "more" not in answer.json()


@pytest.mark.parametrize("channel", ["my_counts", "several"])
def test_more_records_than_may_wait_are_refused_before_any_is_made(client: Any, channel: str) -> None:
    body = b"[" + b",".join([b"{}"] * (RECORDS_LIMIT + 1)) + b"]"
    before = int(conftest.Count(n=0).id)
    answer = client.post(f"/api/v1/send/{channel}", content=body, headers={"content-type": "application/json"})
    assert int(conftest.Count(n=0).id) == before + 1
    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert (detail["type"], detail["loc"]) == ("too_long", ["body"])
    assert "at most 100,000 records at once" in detail["msg"]
    assert client.gateway.channels.statistics()["sends"][channel]["sent"] == 0


def test_a_channel_that_takes_nothing(client: Any, serve: Any) -> None:
    assert client.post("/api/v1/send/silent", json={"n": 1}).status_code == 404
    everything = serve(conftest.Feed(), MountRestRoutes(force_mount_all=True))
    assert everything.post("/api/v1/send/silent", json={"n": 1}).status_code == 404


def test_a_large_body_goes_the_long_way(client: Any) -> None:
    answer = client.post(URL, json=[{"n": n, "note": "x" * 1000} for n in range(1500)])
    assert len(answer.json()) == 1500


# --- Acknowledgement -------------------------------------------------------------------------------------------------


def test_the_answer_says_that_it_is_accepted_or_has_ticked(client: Any) -> None:
    for url, acknowledged in (
        (URL, "accepted"),
        (f"{URL}?wait=accepted", "accepted"),
        (f"{URL}?wait=ticked", "ticked"),
        ("/api/v1/send/several?wait=ticked", "ticked"),
    ):
        answer = client.post(url, json=[{"n": 1}, {"n": 2}])
        assert (answer.status_code, answer.headers["x-acknowledged"]) == (200, acknowledged)
    assert client.post(f"{URL}?wait=ticked", json=[]).json() == []
    assert client.gateway.channels.outside.cell("my_counts").acknowledging == 0


@pytest.mark.parametrize("query", ["wait=tickd", "wait=", "wait=ticked&wait=ticked"])
def test_another_wait_is_refused(client: Any, query: str) -> None:
    answer = client.post(f"{URL}?{query}", json={"n": 1})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "wait"])
    assert client.gateway.channels.statistics()["sends"]["my_counts"]["sent"] == 0


class Fails(conftest.Feed):
    """A node that fails when it sees what was sent, after the channel has ticked."""

    def connect(self, channels: Any) -> None:
        super().connect(channels)
        counts = channels.get_channel("my_counts")
        for _ in range(20):
            counts = csp.apply(counts, lambda count: count, conftest.Count)
        csp.add_graph_output("failing", csp.apply(counts, lambda count: 1 // count.n, int))


def test_what_fails_in_the_cycle_has_not_ticked(gateway_client: Any) -> None:
    client = gateway_client(conftest.Ch(), Fails(), MountRestRoutes(), may_fail=True)
    assert client.post(f"{URL}?wait=ticked", json={"n": 1}).status_code == 200
    answer = client.post(f"{URL}?wait=ticked", json={"n": 0})
    assert answer.status_code == 503
    assert "x-acknowledged" not in answer.headers


def test_null_is_no_record_and_is_refused_as_an_empty_body_is(client: Any) -> None:
    told = [client.post("/api/v1/send/my_counts", content=body, headers=JSON).json()["detail"] for body in _NOTHING]
    assert {(*each[0]["loc"], each[0]["type"], each[0]["msg"]) for each in told} == {
        (
            "body",
            "object_or_array",
            "Input should be a JSON object or an array of objects, sent with Content-Type: application/json",
        )
    }


JSON = {"content-type": "application/json"}
_NOTHING = (b"", b"null", b" null ", b" ")
