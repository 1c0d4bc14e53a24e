"""When a run begins and ends, as it is said in Python or in YAML."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from csp_gateway import StartError
from csp_gateway.server.gateway.span import span_of

NOON = datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, None),
        (NOON, NOON),
        (NOON.replace(tzinfo=UTC), NOON),
        (NOON.replace(tzinfo=timezone(timedelta(hours=2))), NOON - timedelta(hours=2)),
        ("2026-01-31T12:00", NOON),
        ("2026-01-31T13:00+01:00", NOON),
        (timedelta(seconds=90), timedelta(seconds=90)),
        (90, timedelta(seconds=90)),
        (1.5, timedelta(seconds=1.5)),
        ("00:01:30", timedelta(seconds=90)),
        ("PT90S", timedelta(seconds=90)),
    ],
)
def test_an_end_is_a_time_or_how_long_to_run(given: Any, meant: Any) -> None:
    assert span_of(None, given) == (None, meant)
    if not isinstance(meant, timedelta):
        assert span_of(given, None) == (meant, None)


@pytest.mark.parametrize("given", ["tomorrow", [], True])
def test_what_is_neither_is_refused(given: Any) -> None:
    with pytest.raises(StartError, match="endtime is a time or how long to run"):
        span_of(None, given)
    with pytest.raises(StartError, match="starttime is a time"):
        span_of(given, None)


def test_a_start_is_no_number() -> None:
    with pytest.raises(StartError, match="starttime is a time, such as '2026-01-31T09:30'; not 3"):
        span_of(3, None)
