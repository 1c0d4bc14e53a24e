"""Which ticks of a history are asked for."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.channels import History, HistoryLimits, Page
from csp_gateway.server.web.verbs.paging import Span, cursor_after, page_of, span_of

START = datetime(2026, 1, 1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def filled(count: int, items: int = 1_000, epoch: str = "run", each: int = 1) -> History:
    """A history of ticks, ``each`` of them a second."""
    history = History(HistoryLimits(items=items), epoch)
    for n in range(count):
        history.append(at(n // each), n)
    return history


def offsets(page: Page) -> list[int]:
    return [tick.offset for tick in page.ticks]


def asked(
    history: History, since: Any = None, until: Any = None, limit: int = 1_000, cursor: str | None = None
) -> tuple[Page, str]:
    """A page, and the cursor that goes on from it."""
    span = span_of("ch", *(None if each is None else str(each) for each in (since, until)), limit, cursor)
    page = page_of(history, span)
    return page, cursor_after("ch", span, page)


# --- What a query string means ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("0", 0),
        ("17", 17),
        ("2026-01-02", datetime(2026, 1, 2)),
        ("2026-01-02T03:04:05.000006", datetime(2026, 1, 2, 3, 4, 5, 6)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5)),
    ],
)
def test_a_place_is_an_offset_or_a_time(text: str, place: Any) -> None:
    assert span_of("ch", text, None, 5, None) == Span(place, None, 5)
    assert span_of("ch", None, text, 5, None) == Span(None, place, 5)


CURSOR = cursor_after("ch", Span(0, None, 5), Page((), "run", 7))


@pytest.mark.parametrize(
    ("given", "name", "wanted"),
    [
        ({"since": "-1"}, "since", "an offset, such as 17, or an ISO 8601 time"),
        ({"since": ""}, "since", "an offset"),
        ({"since": "soon"}, "since", "an offset"),
        ({"since": "٣"}, "since", "an offset"),
        ({"since": "9" * 19}, "since", "an offset"),
        ({"since": "2026-01-02T03:04:05 02:00"}, "since", "%2B"),
        ({"since": "0001-01-01T00:00:00+10:00"}, "since", "an offset"),
        ({"until": "later"}, "until", "an offset"),
        ({"since": "1", "until": "2026-01-01"}, "until", "an offset if since is one"),
        ({"since": "5", "until": "4"}, "until", "not be before since"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "until", "not be before since"),
        ({"since": "1", "cursor": CURSOR}, "since", "left out"),
        ({"cursor": ""}, "cursor", "X-Next-Cursor"),
        ({"cursor": "Ä"}, "cursor", "X-Next-Cursor"),
        ({"cursor": CURSOR[:-4]}, "cursor", "X-Next-Cursor"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, str], name: str, wanted: str) -> None:
    with pytest.raises(RequestValidationError) as refusal:
        span_of("ch", given.get("since"), given.get("until"), 5, given.get("cursor"))
    (error,) = refusal.value.errors()
    assert error["loc"] == ("query", name)
    assert error["msg"].startswith(f"{name} should")
    assert wanted in error["msg"]
    assert error["input"] == given[name]


@pytest.mark.parametrize(
    "content",
    [
        *(1, {}, [], ["ch", "run", 1], ["other", "run", 1, None], ["ch", 1, 1, None], ["ch", "run", -1, None]),
        *(["ch", "run", True, None], ["ch", "run", 1.5, None], ["ch", "run", 10**18, None], ["ch", "run", None, None]),
        *(["ch", "run", 1, "x"], ["ch", "run", 1, -1], ["ch", "run", 1, []], ["ch", "run", 1, None, None]),
        {"ch": 1, "run": 1, "0": 1, "x": 1},
    ],
)
def test_a_cursor_that_nobody_gave_is_refused(content: Any) -> None:
    cursor = base64.urlsafe_b64encode(orjson.dumps(content)).decode()
    with pytest.raises(RequestValidationError, match="X-Next-Cursor"):
        span_of("ch", None, None, 5, cursor)


@settings(deadline=None)
@given(
    st.one_of(st.integers(0, 10**18 - 1), st.datetimes()),
    st.one_of(st.none(), st.integers(0, 10**18 - 1), st.datetimes()),
    st.text(),
)
def test_a_cursor_says_all_that_was_asked(since: Any, until: Any, epoch: str) -> None:
    try:
        epoch.encode()
    except UnicodeEncodeError:
        return
    place = since if isinstance(since, int) else 7
    for channel in ("ch", "x_y"):
        cursor = cursor_after(channel, Span(since, until, 5), Page((), epoch, place))
        assert cursor.isascii()
        assert "=" not in cursor
        assert span_of(channel, None, None, 9, cursor) == Span(since, until, 9, epoch)


# --- Which ticks ------------------------------------------------------------------------------------------------------


def test_without_a_place_the_newest() -> None:
    page, cursor = asked(filled(10), limit=3)
    assert (offsets(page), page.next, page.left, page.recovered) == ([7, 8, 9], 10, 0, True)
    assert offsets(asked(filled(12), cursor=cursor)[0]) == [10, 11]
    assert offsets(asked(filled(10), until=6, limit=3)[0]) == [3, 4, 5]
    assert offsets(asked(filled(10), until=at(6), limit=3)[0]) == [3, 4, 5]
    assert offsets(asked(filled(10), until=600, limit=3)[0]) == [7, 8, 9]
    assert offsets(asked(filled(0), until=600)[0]) == offsets(asked(filled(0))[0]) == []


def test_the_newest_before_what_is_still_kept_are_none_and_nothing_is_missing() -> None:
    page, cursor = asked(filled(100, items=10), until=50, limit=3)
    assert (offsets(page), page.left, page.recovered) == ([], 0, True)
    assert offsets(asked(filled(100, items=10), cursor=cursor)[0]) == []
    page, _ = asked(filled(100, items=10), until=92, limit=50)
    assert (offsets(page), page.left, page.recovered) == ([90, 91], 0, True)


def test_what_has_gone_is_said() -> None:
    history = filled(100, items=10)
    for since in (5, at(5)):
        page, _ = asked(history, since=since, limit=4)
        assert (offsets(page), page.left, page.reason) == ([90, 91, 92, 93], 6, "expired")
    page, cursor = asked(history, since=5, until=8)
    assert (offsets(page), page.left, page.reason) == ([], 0, "expired")
    page, _ = asked(history, cursor=cursor)  # and it is said once
    assert (offsets(page), page.left, page.recovered) == ([], 0, True)


def test_another_run_is_said_and_an_offset_to_end_at_means_nothing_there() -> None:
    _, cursor = asked(filled(10), since=0, until=5, limit=3)
    page, cursor = asked(filled(20, epoch="later"), cursor=cursor, limit=2)
    assert (offsets(page), page.left, page.reason, page.epoch) == ([0, 1], 18, "epoch_changed", "later")
    page, cursor = asked(filled(20, epoch="later"), cursor=cursor)
    assert (len(page.ticks), page.recovered) == (18, True)
    _, cursor = asked(filled(10), since=at(0), until=at(5), limit=3)
    page, _ = asked(filled(20, epoch="later"), cursor=cursor)
    assert (offsets(page), page.reason) == ([0, 1, 2, 3, 4], "epoch_changed")


def test_an_end_given_with_a_cursor_holds_from_there_on() -> None:
    _, cursor = asked(filled(10), since=0, until=5, limit=3)
    assert offsets(asked(filled(10), cursor=cursor)[0]) == [3, 4]
    page, cursor = asked(filled(10), until=8, cursor=cursor)
    assert offsets(page) == [3, 4, 5, 6, 7]
    assert offsets(asked(filled(10), cursor=cursor)[0]) == []


def test_a_time_to_come_is_waited_for() -> None:
    page, cursor = asked(filled(10), since=at(15).replace(tzinfo=UTC).isoformat())
    assert offsets(page) == []
    page, cursor = asked(filled(12), cursor=cursor)
    assert offsets(page) == []
    page, cursor = asked(filled(17), cursor=cursor)
    assert (offsets(page), page.recovered) == ([15, 16], True)
    assert offsets(asked(filled(18), cursor=cursor)[0]) == [17]
    _, cursor = asked(filled(10), since=at(15))
    page, _ = asked(filled(17, epoch="later"), cursor=cursor)
    assert (offsets(page), page.reason) == ([15, 16], "epoch_changed")


PLACES = st.one_of(st.none(), st.integers(0, 40))
SHAPES = st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(1, 3))
"""How many ticks, how many of them are kept, and how many there are a second."""


@settings(deadline=None)
@given(SHAPES, PLACES, PLACES, st.booleans(), st.integers(1, 7), st.data())
def test_pages_are_all_that_a_plain_look_finds(
    shape: tuple[int, int, int], since: int | None, until: int | None, timed: bool, limit: int, data: Any
) -> None:
    """Read from page to page, held against a list of what is in the span; then once more after another tick."""
    if since is not None and until is not None and until < since:
        since, until = until, since
    count, items, each = shape
    history = filled(count, items, each=each)
    page, cursor = asked(history, *(at(x) if timed and x is not None else x for x in (since, until)), limit=limit)
    if page.reason == "epoch_changed":
        assert since is not None
        assert since > count
        since = until = None

    def inside(offset: int, second: int) -> bool:
        place = second if timed else offset
        return (since is None or place >= since) and (until is None or place < until)

    expected = [offset for offset in range(max(0, count - items), count) if inside(offset, offset // each)]
    found = offsets(page)
    if since is None and page.recovered:
        expected = expected[-limit:]
    while page.left:
        assert page.left == len(expected) - len(found)
        page, cursor = asked(history, cursor=cursor, limit=data.draw(st.integers(1, 7)))
        assert page.recovered
        found += offsets(page)
    assert found == expected
    later = count // each + data.draw(st.integers(0, 40))
    history.append(at(later), count)
    page, _ = asked(history, cursor=cursor)
    assert offsets(page) == ([count] if inside(count, later) else [])
