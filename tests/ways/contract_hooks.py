"""What Schemathesis must be told of our formats; it is loaded by SCHEMATHESIS_HOOKS."""

from datetime import datetime
from itertools import count
from typing import Any

import schemathesis
from hypothesis import strategies as st

# What csp can hold; no format says so.
_TIMES = st.datetimes(datetime(1680, 1, 1), datetime(2260, 1, 1))
# OpenAPI's registry has these formats, JSON Schema has not.
schemathesis.openapi.format("date-time-local", _TIMES.map(lambda moment: moment.isoformat()))
schemathesis.openapi.format("time-local", st.times().map(lambda moment: moment.isoformat()))

_LONGEST = 255
_NUMBERS = count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give each request an idempotency key of its own, as the document asks for; one that is wrong stays so."""
    key = case.headers.get("Idempotency-Key") if case.headers else None
    if isinstance(key, str) and 0 < len(key) <= _LONGEST and key.isascii() and key.isprintable() and " " not in key:
        number = f"-{next(_NUMBERS)}"
        case.headers["Idempotency-Key"] = key[: _LONGEST - len(number)] + number
