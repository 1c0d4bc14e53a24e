import ssl
import time
from email.utils import formatdate

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus, InvalidURI
from websockets.frames import Close
from websockets.http11 import Response

from csp_gateway.client.coming_back import ComingBack, Ending, ending_of
from csp_gateway.client.following import Leaving
from csp_gateway.errors import ServerUnreachableError, StreamClosedError


def closed(code: int, reason: str = "", leaving: Leaving | None = None) -> Ending:
    return ending_of(ConnectionClosedError(Close(code, reason), None), leaving)


def refused(status: int, **headers: str) -> Ending:
    said = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return ending_of(InvalidStatus(Response(status, "", said)))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def coming_back(timeout: float | None = 60.0, clock: Clock | None = None) -> ComingBack:
    return ComingBack("ws://here", timeout, (0.5, 5.0), clock or Clock(), lambda most: most)


@pytest.mark.parametrize("code", [1000, 1001, 1012, 1013, 3001, 3003, 3008, 3499])
def test_after_these_codes_it_helps_to_come_back(code: int) -> None:
    assert not closed(code).final
    assert not closed(code).doubtful


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1010, 3500, 3501, 3502, 4000])
def test_after_these_it_would_be_the_same_again(code: int) -> None:
    with pytest.raises(StreamClosedError, match=r"ws://here has ended the stream: .*because") as caught:
        coming_back().after(closed(code, "because"))
    assert caught.value.code == code


@pytest.mark.parametrize(("status", "words"), [(401, "api_key"), (403, "bearer_token"), (404, "MountWebSocketRoutes")])
def test_who_is_refused_is_told_at_once_what_to_do(status: int, words: str) -> None:
    with pytest.raises(StreamClosedError, match=rf"{words}.*\(HTTP {status}\)"):
        coming_back().after(refused(status))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_these_statuses_pass(status: int) -> None:
    assert not refused(status).final


def test_a_lost_connection_and_one_in_silence_pass() -> None:
    assert ending_of(ConnectionClosedError(None, None)) == Ending("no close frame received or sent")
    assert ending_of(TimeoutError()) == Ending("it did not answer")
    assert ending_of(EOFError()) == Ending("EOFError")


def test_what_we_cannot_read_is_doubtful_and_too_much_is_final() -> None:
    assert ending_of(ConnectionClosedError(None, Close(1002, "bad frame"))).doubtful
    assert ending_of(ConnectionClosedError(None, Close(1009, ""))).final


def test_neither_a_wrong_address_nor_a_certificate_gets_better_and_no_token_is_shown() -> None:
    wrong = ending_of(InvalidURI("ws://x?token=secret", "no"))
    assert wrong.final
    assert "secret" not in wrong.why
    error = ssl.SSLCertVerificationError()
    error.verify_message = "self signed"
    assert ending_of(error) == Ending("its certificate cannot be trusted: self signed", final=True)


def test_pauses_double_up_to_the_longest_and_begin_anew_once_it_was_heard_of() -> None:
    back = coming_back()
    lost = Ending("lost")
    assert [back.after(lost) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    back.alive()
    assert back.after(lost) == 0.5


def test_pauses_are_drawn() -> None:
    back = ComingBack("ws://here", None, (0.5, 5.0))
    pauses = {back.after(Ending("lost")) for _ in range(50)}
    assert len(pauses) > 40
    assert all(0 <= each <= 5 for each in pauses)


def test_the_gateway_says_when() -> None:
    said = closed(3001, "", Leaving(3001, "stops", 0.7))
    assert coming_back().after(said) == 0.7
    assert closed(3001, "", Leaving(3001, "stops", None)).final
    assert coming_back().after(refused(503, Retry_After="3")) == 3.5
    soon = refused(503, Retry_After=formatdate(time.time() + 20, usegmt=True)).retry_after
    assert soon is not None
    assert 10 < soon <= 20
    assert refused(429, Retry_After="soon").retry_after is None


def test_it_is_given_up_after_a_time_without_a_connection() -> None:
    clock = Clock()
    back = coming_back(10.0, clock)
    clock.now = 8.0
    assert back.after(refused(503, Retry_After="100")) == 2.0  # one more attempt at the end
    clock.now = 10.0
    with pytest.raises(ServerUnreachableError, match="no live connection to ws://here for 10 s: lost"):
        back.after(Ending("lost"))
    back.alive()
    clock.now = 100.0
    assert back.after(Ending("lost")) > 0


def test_without_patience_at_once_and_with_all_of_it_never() -> None:
    with pytest.raises(ServerUnreachableError):
        coming_back(0.0).after(Ending("lost"))
    clock = Clock()
    back = coming_back(None, clock)
    clock.now = 1e9
    assert back.after(Ending("lost")) == 0.5


def test_what_may_be_the_same_again_is_tried_three_times_without_a_message() -> None:
    back = coming_back()
    failed = closed(1011, "cannot be told")
    back.after(failed)
    back.alive()
    back.after(failed)
    back.told()
    back.after(failed)
    back.after(failed)
    with pytest.raises(StreamClosedError, match="3 times in a row: cannot be told"):
        back.after(failed)
