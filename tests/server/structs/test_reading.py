"""Which types the generated decoders can read, and how; the property tests of decode hold the outcome."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Gt, MaxLen, MultipleOf
from csp.typing import Numpy1DArray

from csp_gateway.server.structs.compile import Names
from csp_gateway.server.structs.reading import CannotRead, Reading, reading_of


def reading(tp: Any, *metadata: Any, native: bool = False) -> Reading:
    return reading_of(tp, metadata, Names({}), lambda struct: Reading(struct), native=native)


@pytest.mark.parametrize(
    ("tp", "code"),
    [
        (int, "v"),
        (int | None, "v"),
        (list[int], "v"),
        (dict[str, list[float]], "v"),
        (Literal["a", 1], "v"),
        (datetime, "naive_utc(v)"),
        (timedelta | None, "(None if v is None else seconds(v))"),
        (set[int], "set(v)"),
        (dict[str, timedelta], "{key: seconds(each) for key, each in v.items()}"),
        (list[list[timedelta]], "[[seconds(each) for each in each] for each in v]"),
        (tuple[timedelta, ...], "tuple([seconds(each) for each in v])"),
        (Numpy1DArray[float], "array_from(v, dtype_float64, True)"),
        (Annotated[list[timedelta], MaxLen(3)], "[seconds(each) for each in v]"),
    ],
)
def test_the_expression(tp: Any, code: str) -> None:
    assert reading(tp).code("v") == code


def test_csp_makes_a_native_time_naive_itself() -> None:
    assert reading(datetime, native=True).code("v") == "v"


@pytest.mark.parametrize("tp", [object, Any, bytes, int | str, tuple[int, str], dict[float, int], complex, dict, list])
def test_what_only_pydantic_reads(tp: Any) -> None:
    with pytest.raises(CannotRead):
        reading(tp)


def test_limits_msgspec_does_not_share_are_pydantic_s() -> None:
    assert reading(int, Gt(0)).code("v") == "v"
    for tp, limit in ((int, MultipleOf(2)), (int, Gt(0.5)), (timedelta, Gt(timedelta(0))), (int, len)):
        with pytest.raises(CannotRead):
            reading(tp, limit)
