"""How far a send has got, and what is kept of the answers."""

from __future__ import annotations

import pytest

from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.sending import Sending
from csp_gateway.errors import (
    ServerException,
    ServerTimeoutError,
    ServerUnknownException,
    ServerUnprocessableException,
)

PORTION = 10_000


def failed(error: Exception, accepted: int = 2) -> None:
    """A send of which the portion after those fails."""
    with Sending(ReturnType.Raw, count_only=True) as sending:
        for _ in range(accepted):
            sending.begin(PORTION)
            sending.end(ResponseWrapper([]))
        sending.begin(PORTION)
        raise error


@pytest.mark.parametrize(
    ("error", "in_doubt", "said"),
    [
        (ServerUnprocessableException("bad"), 0, "bad; 20,000 records were accepted before, and none after them; "),
        (ServerUnknownException("403: no", 403), 0, "403: no; 20,000 records were accepted before, and none after"),
        (
            ServerUnknownException("500: no", 500),
            PORTION,
            "500: no; 20,000 records were accepted before, of the 10,000",
        ),
        (ServerTimeoutError("late"), PORTION, "late; 20,000 records were accepted before, of the 10,000 after them no"),
    ],
    ids=["unreadable", "forbidden", "broken", "late"],
)
def test_an_error_says_how_far_it_got(error: ServerException, in_doubt: int, said: str) -> None:
    with pytest.raises(type(error)) as caught:
        failed(error)
    assert (caught.value.accepted, caught.value.in_doubt) == (20_000, in_doubt)
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith("; the rest is data[20000:]")


def test_the_first_portion_that_fails_needs_no_words() -> None:
    with pytest.raises(ServerUnprocessableException) as caught:
        failed(ServerUnprocessableException("bad"), accepted=0)
    assert (str(caught.value), caught.value.accepted) == ("bad", 0)


def test_what_is_wrong_is_where_it_is_in_all_that_is_sent() -> None:
    wrong = [{"loc": ["body", 7, "x"], "msg": "bad"}, {"loc": ["query", "wait"]}, "odd"]
    with pytest.raises(ServerUnprocessableException) as caught:
        failed(ServerUnprocessableException(wrong))
    assert caught.value.args == ([{"loc": ["body", 20_007, "x"], "msg": "bad"}, {"loc": ["query", "wait"]}, "odd"],)


def test_an_error_of_what_is_sent_has_a_note_of_it() -> None:
    with pytest.raises(TypeError) as caught:
        failed(TypeError("x"), accepted=1)
    assert caught.value.__notes__ == [
        "10,000 records were accepted before, of the 10,000 after them nobody knows; the rest is data[10000:]"
    ]


def test_answers_are_kept_as_what_is_returned_or_not_at_all() -> None:
    def sent(sending: Sending) -> object:
        with sending:
            for x in range(2):
                sending.begin(1)
                sending.end(ResponseWrapper([{"x": x}]))
        return sending.result()

    assert sent(Sending(ReturnType.Raw)) == [{"x": 0}, {"x": 1}]
    assert sent(Sending(ReturnType.Raw, count_only=True)) == 2
