"""What may be kept of answers; the front says the same as FastAPI."""

from typing import Any

import pytest

LAST = "/api/v1/last/my_counts"


@pytest.mark.parametrize("query", ["", "?timeout=10"])
def test_last_is_not_told_again_before_it_ticks_again(client: Any, query: str) -> None:
    client.post("/api/v1/send/my_counts?wait=ticked", json={"n": 1})
    first = client.get(LAST + query)
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    assert (tag[:3], first.headers["vary"]) == ('W/"', "Accept-Encoding")
    for known in (tag, f'"other", {tag[2:]}', "*"):
        again = client.get(LAST + query, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["etag"], again.headers["cache-control"]) == (tag, "no-cache")
        assert again.headers["vary"] == "Accept-Encoding"
    assert client.get(LAST + query, headers={"If-None-Match": '"other"'}).json() == first.json()
    client.post("/api/v1/send/my_counts", json={"n": 2})
    newer = client.get(LAST + query, headers={"If-None-Match": tag})
    assert (newer.status_code, newer.json()[0]["n"]) == (200, 2)
    assert newer.headers["etag"] != tag


def test_both_ways_give_one_tag(client: Any) -> None:
    assert client.get(LAST).headers["etag"] == client.get(f"{LAST}?timeout=10").headers["etag"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "send/my_counts"),
        ("POST", "send/my_counts?wait=ticked"),
        ("GET", "history/my_counts"),
        ("GET", "lookup/my_counts/1"),
        ("GET", "last/never_heard_of"),
        ("GET", "last/nobody"),
    ],
)
def test_nothing_else_is_stored(client: Any, method: str, path: str) -> None:
    answer = client.request(method, f"/api/v1/{path}", json={"n": 1} if method == "POST" else None)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
