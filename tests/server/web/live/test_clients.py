"""Who follows what is told, and a client can be sent away."""

from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from tests.server.web.live.desk import Served
from tests.server.web.live.hearing import hearing
from tests.server.web.live.parts import quote


@pytest.fixture
def api(desk: Served) -> Any:
    with httpx2.Client(base_url=f"{desk.url}/api/v1/") as client:
        yield client


def test_each_client_with_what_it_follows_and_how(desk: Served, api: Any) -> None:
    with hearing(desk.url, "stream/legs/A?min_interval=60&latest_by=n", user_agent="ear/1"):
        talk = desk.talk()
        talk.follow("quotes", positions=True, policy="drop_oldest")
        talk.ask(action="subscribe", channel="heartbeat")
        desk.tick("quotes", quote(1))
        talk.hear()
        for n in range(3):
            desk.tick("legs", quote(n), "A")
        events, socket = api.get("clients").json()
        assert api.get(f"clients/{socket['id']}").json()["came"] == socket["came"]
    assert (events["kind"], events["agent"], socket["kind"]) == ("events", "ear/1", "websocket")
    assert (events["heartbeats"], socket["heartbeats"]) == (False, True)
    assert events["address"].startswith("127.0.0.1:")
    assert (events["full"], events["waiting_bytes"]) == (False, 0)
    (followed,) = socket["subscriptions"]
    assert followed["told"] == 1
    expected = {"channel": "quotes", "keys": None, "policy": "drop_oldest", "alone": False, "lag": 0, "positions": True}
    assert followed.items() >= expected.items()
    (followed,) = events["subscriptions"]
    assert (followed["keys"], followed["min_interval"], followed["latest_by"]) == (["A"], 60, "n")
    assert (followed["policy"], followed["alone"]) == ("conflate", True)
    talk.socket.close()


def test_a_client_that_is_sent_away_is_told_not_to_come_back(desk: Served, api: Any) -> None:
    talk = desk.talk()
    talk.follow("quotes")
    with hearing(desk.url, "stream/quotes") as heard:
        for each in api.get("clients").json():
            answer = api.delete(f"clients/{each['id']}")
            assert (answer.status_code, answer.content) == (204, b"")
        with pytest.raises(ConnectionClosed) as closed:
            talk.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 3501
        closing = heard.hear()
        assert (closing.name, closing.message["closing"]["code"]) == ("closing", 3501)
        assert closing.message["closing"]["retry_after"] is None
        # A browser would come back by itself, and is told to wait for a day.
        assert closing.retry == 86_400_000
        assert heard.block() is None
    assert api.get("clients").json() == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_who_is_not_there(api: Any, method: str) -> None:
    answer = api.request(method, "clients/nobody")
    assert answer.status_code == 404
    assert "no client 'nobody' is here" in answer.json()["detail"]


def test_parameters_are_refused(api: Any) -> None:
    assert api.get("clients?kind=events").status_code == 422
    assert api.get("clients/nobody?kind=events").status_code == 422


def test_they_are_in_the_document(desk: Served) -> None:
    paths = httpx2.get(f"{desk.url}/openapi.json").json()["paths"]
    assert {"/api/v1/clients", "/api/v1/clients/{id}"} <= set(paths)
    schema = paths["/api/v1/clients"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["items"] == {"$ref": "#/components/schemas/ClientTold"}
