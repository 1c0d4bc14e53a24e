"""Which ticks of a history a request asks for, and the cursor that asks for those after them."""

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError

from csp_gateway.server.channels import History, Page

__all__ = ["Span", "cursor_after", "page_of", "span_of"]

_Place = int | datetime
"""An offset, or an engine time in naive UTC."""

_PLACE = (
    "should be an offset, such as 17, or an ISO 8601 time, such as 2026-01-31T09:30:00Z; in a URL, + is written %2B"
)
_CURSOR = "should be the X-Next-Cursor of an answer of this channel, as it was given"
_DIGITS = 18
"""Digits of an offset; no run of a channel has more ticks."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a history, before it is known which ticks that are.

    Attributes:
        since: the first; None: as many of the newest as there may be.
        until: the one after the last; None: there is no last.
        limit: the most ticks.
        epoch: the run that offsets count in; None: the present one.
    """

    since: _Place | None
    until: _Place | None
    limit: int
    epoch: str | None = None


def span_of(channel: str, since: str | None, until: str | None, limit: int, cursor: str | None) -> Span:
    """The part of a channel's history that a query string means.

    Raises:
        RequestValidationError: it does not mean any.
    """
    first, end = _place("since", since), _place("until", until)
    if cursor is not None:
        if since is not None:
            raise _refused("since", since, "should be left out: the cursor says where to go on")
        gone_on = _read_cursor(channel, cursor, limit)
        return gone_on if end is None else replace(gone_on, until=end)
    if first is not None and end is not None:
        if type(first) is not type(end):
            raise _refused("until", until, "should be an offset if since is one, and a time if since is one")
        if end < first:  # type: ignore[operator]  # they are of one type
            raise _refused("until", until, "should not be before since")
    return Span(first, end, limit)


def page_of(history: History, span: Span) -> Page:
    """The ticks that are kept of a span; ``next`` and ``left`` are of the span as well."""
    until = span.until
    if isinstance(until, datetime):
        before = history.between(None, until, 1)
        until = before.next + before.left
    if span.since is None:
        if until is None:
            return history.since(None, None, span.limit)
        until = min(until, history.since(None, None, 1).next)
        newest = history.since(max(0, until - span.limit), None, span.limit)
        return _cut(newest._replace(recovered=True, reason=None), until)
    page = _from_time(history, span, span.since) if isinstance(span.since, datetime) else _from_offset(history, span)
    return page if until is None or _counts_in_another_run(span, page) else _cut(page, until)


def _from_offset(history: History, span: Span) -> Page:
    return history.since(span.since, span.epoch, span.limit)  # type: ignore[arg-type]  # a time is not asked for here


def _from_time(history: History, span: Span, since: datetime) -> Page:
    found = history.between(since, None, 1)
    page = history.since(found.next - len(found.ticks), None, span.limit)
    reason = "epoch_changed" if span.epoch not in (None, page.epoch) else found.reason or page.reason
    return page._replace(recovered=reason is None, reason=reason)


def cursor_after(channel: str, span: Span, page: Page) -> str:
    """The cursor that asks for what follows a page, within the same span."""
    until = None if _counts_in_another_run(span, page) else span.until
    # Before a time that is still to come there may be ticks that nobody has asked for.
    since = span.since if isinstance(span.since, datetime) and not page.ticks else page.next
    text = orjson.dumps([channel, page.epoch, since, until])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _counts_in_another_run(span: Span, page: Page) -> bool:
    """Whether ``until`` is an offset that means nothing in the run that the page is of."""
    return page.reason == "epoch_changed" and isinstance(span.until, int)


def _cut(page: Page, end: int) -> Page:
    """The ticks of a page before offset ``end``."""
    count = min(len(page.ticks), max(0, end - page.ticks[0].offset)) if page.ticks else 0
    after = page.ticks[count].offset if count < len(page.ticks) else page.next
    left = max(0, min(end, page.next + page.left) - after)
    return page._replace(ticks=page.ticks[:count], next=after, left=left)


def _place(name: str, text: str | None) -> _Place | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    try:
        return _moment(text)
    except (ValueError, OverflowError):
        raise _refused(name, text, _PLACE) from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _read_cursor(channel: str, cursor: str, limit: int) -> Span:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        named, epoch, since, until = orjson.loads(text)
        span = Span(_read_place(since), None if until is None else _read_place(until), limit, epoch)
    except (ValueError, TypeError, OverflowError):
        raise _refused("cursor", cursor, _CURSOR) from None
    if named != channel or not isinstance(epoch, str):
        raise _refused("cursor", cursor, f"{_CURSOR}; this one is of {named!r}")
    return span


def _read_place(written: Any) -> _Place:
    """A place as a cursor has it; raises ValueError or TypeError for anything else."""
    if type(written) is not int:
        return _moment(written)
    if not 0 <= written < 10**_DIGITS:
        raise ValueError(written)
    return written


def _refused(name: str, given: str | None, wanted: str) -> RequestValidationError:
    """One value of the query string in the shape of FastAPI's own refusals."""
    return RequestValidationError(
        [{"type": "value_error", "loc": ("query", name), "msg": f"{name} {wanted}", "input": given}]
    )
