"""What is tried again with its ``Idempotency-Key`` is done once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import HTTPException

from csp_gateway.server.web import idempotency
from csp_gateway.server.web.idempotency import Replies, is_key

URL = "/api/v1/send/my_counts"


def sent(client: Any) -> int:
    counts: dict[str, dict[str, int]] = client.gateway.channels.statistics()["sends"]
    return counts["my_counts"]["sent"]


@pytest.mark.parametrize("query", ["", "?wait=ticked"])
def test_a_retry_ticks_once_and_gets_the_same_bytes(client: Any, query: str) -> None:
    key = {"Idempotency-Key": "one"}
    first = client.post(URL + query, json={"n": 1}, headers=key)
    again = client.post(URL.replace("_", "-") + query, json={"n": 1}, headers=key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-acknowledged"] == first.headers["x-acknowledged"]
    assert "idempotent-replayed" not in first.headers
    assert sent(client) == 1
    assert client.gateway.web_app.replies.statistics()["replayed"] == 1


@pytest.mark.parametrize(
    ("url", "body"), [(URL, {"n": 2}), ("/api/v1/send/several", {"n": 1}), (f"{URL}?wait=ticked", {"n": 1})]
)
def test_a_key_is_of_one_request(client: Any, url: str, body: Any) -> None:
    key = {"Idempotency-Key": "one"}
    client.post(URL, json={"n": 1}, headers=key)
    answer = client.post(url, json=body, headers=key)
    assert answer.status_code == 422
    assert "'one' was given with another request before" in answer.json()["detail"]
    assert sent(client) == 1


def test_a_send_that_failed_does_not_use_its_key_up(client: Any) -> None:
    key = {"Idempotency-Key": "one"}
    assert client.post(URL, json={"n": "x"}, headers=key).status_code == 422
    assert client.post(URL, json={"n": 1}, headers=key).status_code == 200
    assert sent(client) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, b"\xff"])
def test_what_is_no_key(client: Any, key: Any) -> None:
    answer = client.post(URL, json={"n": 1}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["header", "Idempotency-Key"])
    assert sent(client) == 0
    assert is_key("x" * 255)


def test_a_request_that_is_in_progress_is_409() -> None:
    replies: Replies[bytes] = Replies(len)
    inside, go_on = threading.Event(), threading.Event()

    def slow() -> bytes:
        inside.set()
        assert go_on.wait(10)
        return b"done"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(replies.once, "k", [b"a"], slow)
        assert inside.wait(10)
        with pytest.raises(HTTPException, match="in progress") as refused:
            replies.once("k", [b"a"], slow)
        go_on.set()
        assert first.result(10) == (b"done", False)
    assert (refused.value.status_code, refused.value.headers) == (409, {"retry-after": "1"})
    assert replies.once("k", [b"a"], slow) == (b"done", True)


def test_parts_do_not_run_together() -> None:
    replies: Replies[bytes] = Replies(len)
    replies.once("k", [b"ab", b"c"], lambda: b"")
    with pytest.raises(HTTPException):
        replies.once("k", [b"a", b"bc"], lambda: b"")


def test_a_key_that_is_too_old_is_new_again_and_the_oldest_of_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    replies: Replies[bytes] = Replies(len, lambda: now[0])
    monkeypatch.setattr(idempotency, "KEPT_KEYS", 2)
    for key in "abc":
        replies.once(key, [b""], lambda: b"xx")
    assert replies.statistics() == {"keys": 2, "kept": 2, "bytes": 4, "replayed": 0, "refused": 0, "dropped": 1}
    now[0] = idempotency.KEPT_SECONDS
    assert replies.once("c", [b""], lambda: b"y") == (b"y", False)
    assert (replies.statistics()["keys"], replies.statistics()["bytes"]) == (1, 1)


@pytest.mark.parametrize("sizes", [[3, 3], [6]])
def test_a_request_whose_answer_is_too_large_to_keep_is_not_done_twice(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    replies: Replies[bytes] = Replies(len)
    monkeypatch.setattr(idempotency, "KEPT_BYTES", 5)
    for number, size in enumerate(sizes):
        replies.once(str(number), [b""], lambda size=size: b"x" * size)
    done = []
    with pytest.raises(HTTPException, match="'0' was done, and its answer is no longer kept") as refused:
        replies.once("0", [b""], lambda: done.append(1) or b"")
    assert (refused.value.status_code, done) == (409, [])


def test_callers_do_not_share_keys(client: Any) -> None:
    for who in ("ann", "bob"):
        headers = {"Idempotency-Key": "one", "Authorization": who}
        for _ in range(2):
            assert client.post(URL, json={"n": 1}, headers=headers).status_code == 200
    assert sent(client) == 2
