"""What Schemathesis must be told of our formats and of a slip of its own; it is loaded by SCHEMATHESIS_HOOKS."""

from datetime import datetime
from itertools import count
from secrets import token_hex
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import ComponentInfo, TestPhase

# What csp can hold; no format says so.
_TIMES = st.datetimes(datetime(1680, 1, 1), datetime(2260, 1, 1))
# OpenAPI's registry has these formats, JSON Schema has not.
schemathesis.openapi.format("date-time-local", _TIMES.map(lambda moment: moment.isoformat()))
schemathesis.openapi.format("time-local", st.times().map(lambda moment: moment.isoformat()))

_LONGEST = 255
_RUN = token_hex(4)
"""Two runs of one seed, against one gateway, have the same keys but for this."""
_NUMBERS = count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Before a request: a key of its own, and a judgement of its path."""
    _number_the_key(case)
    _judge_the_path(case)


def _number_the_key(case: Any) -> None:
    """Give each request an idempotency key of its own, as the document asks for; one that is wrong stays so."""
    key = case.headers.get("Idempotency-Key") if case.headers else None
    if isinstance(key, str) and 0 < len(key) <= _LONGEST and key.isascii() and key.isprintable() and " " not in key:
        number = f"-{_RUN}-{next(_NUMBERS)}"
        case.headers["Idempotency-Key"] = key[: _LONGEST - len(number)] + number


def _judge_the_path(case: Any) -> None:
    """Have what a link puts into the path judged by the schema that the operation itself has for it.

    Between operations that have a path parameter of one name, the links that Schemathesis infers pass its value on
    (4.32.5, ``DependencyGraph.iter_links``, "shared path parameters"): ``b`` of ``str_basket`` comes to
    ``/send/basket/{key}``, whose keys are A, B and C, and counts as valid there. No setting says otherwise, but to
    infer no links at all. So the case counts as what it is: it must be refused, not accepted.
    """
    meta = case.meta
    if meta is not None and meta.phase.name == TestPhase.STATEFUL and case.path_parameters:
        # What is not generated is not judged, and what is set is judged anew.
        meta.components.setdefault(ParameterLocation.PATH, ComponentInfo(mode=GenerationMode.POSITIVE))
        case.path_parameters = dict(case.path_parameters)
