"""What the URL of events asks for is done, and what it cannot ask for is refused and said."""

from typing import Any
from urllib.parse import quote as quoted

import httpx2
import pytest

from tests.server.web.live.desk import Served
from tests.server.web.live.hearing import hearing
from tests.server.web.live.parts import quote


def refused(desk: Served, path: str, **headers: str) -> dict[str, Any]:
    answer = httpx2.get(f"{desk.url}/api/v1/stream/{path}", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    return problem


def test_a_channel_in_either_spelling(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes") as heard:
        desk.tick("quotes", quote(1))
        event = heard.hear()
    assert event.name == "message"
    assert event.message["channel"] == "quotes"
    assert [record["n"] for record in event.message["data"]] == [1]
    assert event.id == f"{event.message['epoch']}:quotes={event.message['next']}"


def test_the_heartbeat_alone_and_beside_channels(desk: Served) -> None:
    with hearing(desk.url, "stream/heartbeat") as heard:
        event = heard.hear()
    assert (event.name, event.message) == ("message", {"channel": "heartbeat", "data": "PING"})
    with hearing(desk.url, "stream/heartbeat", **{"Last-Event-ID": event.id}) as heard:
        assert heard.hear().message["channel"] == "heartbeat"
    with hearing(desk.url, "stream/quotes,heartbeat") as heard:
        desk.tick("quotes", quote(1))
        told = {heard.hear().message["channel"] for _ in range(2)}
    assert "heartbeat" in told
    assert "the heartbeat has no policy" in refused(desk, "heartbeat?policy=conflate")["detail"]


def test_all_that_is_listed_can_be_followed(desk: Served) -> None:
    for name in httpx2.get(f"{desk.url}/api/v1/stream").json():
        with httpx2.stream("GET", f"{desk.url}/api/v1/stream/{quoted(name)}") as answer:
            assert answer.status_code == 200, name


def test_several_channels_and_one_key_of_a_basket(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes,legs/A,legs/B") as heard:
        told = []
        for field, n, key in (("legs", 1, 'C "d"'), ("legs", 2, "A"), ("quotes", 3, None), ("legs", 4, "B")):
            desk.tick(field, quote(n), key)
            if n > 1:
                # Between channels nothing says which is told first.
                told.append(heard.hear())
    assert [(each.message["channel"], each.message.get("key"), each.message["data"][0]["n"]) for each in told] == [
        ("legs", "A", 2),
        ("quotes", None, 3),
        ("legs", "B", 4),
    ]
    epoch = told[0].message["epoch"]
    quotes, legs = told[1].message["next"], told[2].message["next"]
    assert told[2].id == f"{epoch}:quotes={quotes},legs={legs}"


@pytest.mark.parametrize(
    "path", ["stream/legs/C%20%22d%22", "stream/legs?key=C%20%22d%22", "stream/legs?keys=C+%22d%22"]
)
def test_a_key_may_be_said_in_the_path_or_as_a_parameter(desk: Served, path: str) -> None:
    with hearing(desk.url, path) as heard:
        desk.tick("legs", quote(1), "A")
        desk.tick("legs", quote(2), 'C "d"')
        assert heard.hear().message["key"] == 'C "d"'


def test_the_whole_of_a_basket_wins_over_its_keys(desk: Served) -> None:
    with hearing(desk.url, "stream/legs/A,legs") as heard:
        desk.tick("legs", quote(2), "B")
        assert heard.hear().message["key"] == "B"


def test_the_options_of_a_subscription(desk: Served) -> None:
    where = "%7B%22attr%22:%22n%22,%22by%22:%7B%22value%22:10,%22where%22:%22%3E%22%7D%7D"
    with hearing(desk.url, f"stream/quotes?fields=n&fields=symbol&where={where}") as heard:
        desk.tick("quotes", quote(1))
        desk.tick("quotes", quote(11))
        assert heard.hear().message["data"] == [{"n": 11, "symbol": "A"}]
        (client,) = httpx2.get(f"{desk.url}/api/v1/clients").json()
        (followed,) = client["subscriptions"]
        assert (followed["fields"], followed["where"]["attr"]) == (["n", "symbol"], "n")


def test_what_stands_comes_first_and_nothing_twice(desk: Served) -> None:
    desk.tick("quotes", quote(1, "X"))
    desk.tick("quotes", quote(2, "Y"))
    with hearing(desk.url, "stream/quotes?snapshot=state") as heard:
        desk.tick("quotes", quote(3, "X"))
        first, second = heard.hear().message, heard.hear().message
    assert first["snapshot"] is True
    assert {record["symbol"]: record["n"] for record in first["data"]}.items() >= {("X", 1), ("Y", 2)}
    assert (second["offset"], second["data"][0]["n"]) == (first["next"], 3)


def test_from_an_offset_on(desk: Served) -> None:
    desk.tick("quotes", quote(1))
    desk.tick("quotes", quote(2))
    start = desk.channels.outside.history("quotes").next - 2
    with hearing(desk.url, f"stream/quotes?since={start}") as heard:
        assert heard.counts(2) == [1, 2]


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        ("quots", "unknown-channel", "did you mean 'quotes'?"),
        ("nobody", "unknown-channel", "no channel 'nobody' to follow here"),
        ("legs/Q", "unknown-channel", "has no key 'Q'"),
        ("quotes/A", "unknown-channel", "is no basket"),
        ("notes?snapshot=state", "unknown-channel", "is not collected"),
        ("quotes?feilds=n", "unknown-parameter", "did you mean 'fields'?"),
        ("quotes?epoch=a&epoch=b", "unknown-parameter", "epoch: it is given 2 times"),
        ("quotes?fields=q", "not-followed", "fields: "),
        ("quotes?where=%7B", "not-followed", "where: "),
        ("quotes?latest_by=q", "not-followed", "latest_by: "),
        ("quotes?state=quotes", "not-followed", "say snapshot='state' too"),
        ("quotes?since=1&snapshot=true", "not-followed", "two ways to begin"),
        ("quotes,notes?since=1", "not-followed", "since is an offset of one channel"),
        ("quotes?last_event_id=7", "not-followed", "epoch:channel=offset"),
        ("quotes?min_interval=x", "invalid-request", ""),
        ("quotes?policy=maybe", "invalid-request", ""),
        ("quotes?since=-1", "invalid-request", ""),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_told(desk: Served, path: str, kind: str, says: str) -> None:
    problem = refused(desk, path)
    assert problem["type"] == f"urn:csp-gateway:problem:{kind}"
    assert problem["status"] == (404 if kind == "unknown-channel" else 422)
    assert says in str(problem["detail"])
    assert not desk.hub.clients


def test_a_wrong_last_id_is_refused(desk: Served) -> None:
    assert refused(desk, "quotes", **{"last-event-id": "seven"})["status"] == 422


def test_it_is_in_the_document(desk: Served) -> None:
    operation = httpx2.get(f"{desk.url}/openapi.json").json()["paths"]["/api/v1/stream/{channels}"]["get"]
    assert "text/event-stream" in operation["responses"]["200"]["content"]
    undescribed = [each["name"] for each in operation["parameters"] if not each.get("description")]
    assert not undescribed
    # What is left out is absent, and not null.
    assert "null" not in [
        part.get("type") for each in operation["parameters"] for part in each["schema"].get("anyOf", ())
    ]
