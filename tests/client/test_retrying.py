"""Which requests are made again, and after how long."""

from __future__ import annotations

import httpx2
import pytest

from csp_gateway.client import calls
from csp_gateway.client.retrying import Attempts
from csp_gateway.errors import ServerTimeoutError, ServerUnreachableError

LAST = calls.last("orders", 3.0)
STAGE = calls.stage("orders", "add", b"{}", None, 3.0)
URL = "http://localhost:1"


def test_a_gateway_that_is_not_reached_is_tried_again_and_then_named() -> None:
    attempts = Attempts(STAGE, retries=2)
    waits = [attempts.after_failure(httpx2.ConnectError("refused"), URL) for _ in range(2)]
    assert 0.1 <= waits[0] <= 0.2 <= waits[1] <= 0.4
    with pytest.raises(ServerUnreachableError, match="no gateway answers at http://localhost:1: refused"):
        attempts.after_failure(httpx2.ConnectError("refused"), URL)


def test_a_connection_that_is_lost_on_the_way_is_tried_again_only_where_that_does_no_harm() -> None:
    assert Attempts(LAST, retries=1).after_failure(httpx2.ReadError("reset"), URL) > 0
    with pytest.raises(ServerUnreachableError, match="lost during POST stage/orders"):
        Attempts(STAGE, retries=5).after_failure(httpx2.ReadError("reset"), URL)


def test_who_has_waited_long_enough_is_told_so() -> None:
    with pytest.raises(ServerTimeoutError, match="GET last/orders was not answered within 3 s"):
        Attempts(LAST, retries=5).after_failure(httpx2.ReadTimeout("slow"), URL)


def test_a_gateway_that_says_come_back_is_asked_again_when_it_says() -> None:
    attempts = Attempts(LAST, retries=2)
    assert attempts.after_answer(503, {"retry-after": "1"}) == 1.0
    assert (attempts.after_answer(429, {}) or 0) <= 0.4
    assert attempts.after_answer(503, {"retry-after": "1"}) is None


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {}), (404, {}), (500, {}), (504, {}), (503, {"retry-after": "60"})]
)
def test_any_other_answer_stands(status: int, headers: dict[str, str]) -> None:
    assert Attempts(LAST, retries=2).after_answer(status, headers) is None


def test_what_may_have_been_done_is_not_done_twice() -> None:
    assert Attempts(STAGE, retries=2).after_answer(503, {"retry-after": "1"}) is None


def test_who_waits_for_ever_asks_again_when_the_gateway_does_not() -> None:
    attempts = Attempts(calls.next_tick("orders", None), retries=0)
    own = {"content-type": "application/problem+json"}
    assert [attempts.after_answer(504, own) for _ in range(50)] == [0.0] * 50
    assert attempts.after_answer(504, {"content-type": "text/html"}) is None


def test_what_is_in_progress_is_asked_for_again_and_what_is_done_is_not() -> None:
    send = calls.send("orders", b"{}", "accepted", 3.0)
    assert Attempts(send, retries=1).after_answer(409, {"retry-after": "1"}) == 1.0
    assert Attempts(send, retries=1).after_answer(409, {}) is None
