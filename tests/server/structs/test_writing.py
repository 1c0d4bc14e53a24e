"""Which types the generated writers can write, and how; the property tests of encode hold the outcome."""

import enum
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import csp
import pytest
from csp.typing import Numpy1DArray
from pydantic import PlainSerializer

from csp_gateway.server.structs.compile import Names
from csp_gateway.server.structs.writing import CannotWrite, written


class Side(csp.Enum):
    BUY = 0


class Pair(enum.Enum):
    ONE = (1, 2)


class Plain(csp.Struct):
    x: int


@pytest.mark.parametrize(
    ("tp", "expression"),
    [
        (int, "o.x"),
        (int | str | None, "o.x"),
        (Literal["a"], "o.x"),
        (datetime, "naive_utc(o.x)"),
        (timedelta, "o.x.total_seconds()"),
        (timedelta | None, "(None if (value := o.x) is None else value.total_seconds())"),
        (Side, "o.x._name_"),
        (list[int], "o.x"),
        (set[int], "list(o.x)"),
        (list[list[timedelta]], "[[each.total_seconds() for each in each] for each in o.x]"),
        (dict[Side, int], "{key._name_: each for key, each in o.x.items()}"),
        (dict[int, int], "{str(key): each for key, each in o.x.items()}"),
        (dict[str, int], "o.x"),
        (Plain, "writers[type(struct := o.x)](struct)"),
        (Numpy1DArray[float], "o.x"),
        (Numpy1DArray[str], "array_values(o.x)"),
        (Annotated[int, "note"], "o.x"),
    ],
)
def test_the_expression(tp: Any, expression: str) -> None:
    assert written(tp, (), "o.x", Names({})) == expression


def test_csp_keeps_a_native_time_naive() -> None:
    assert written(datetime, (), "o.x", Names({}), native=True) == "o.x"


@pytest.mark.parametrize(
    "tp",
    [
        object,
        Any,
        bytes,
        Pair,
        timedelta | int,
        tuple[int, str],
        dict[float, int],
        Annotated[int, PlainSerializer(hex)],
    ],
)
def test_what_only_pydantic_writes(tp: Any) -> None:
    with pytest.raises(CannotWrite):
        written(tp, (), "o.x", Names({}))
