"""Whether a value can tick, told before it is queued."""

from datetime import datetime, timedelta
from typing import Any, List  # noqa: UP035  # csp's spelling

import csp
import numpy
import pytest
from csp import ts
from csp.typing import Numpy1DArray

from csp_gateway.server.channels.checks import Check
from csp_gateway.server.channels.kinds import declaration_of


class Order(csp.Struct):
    n: int


def check(edge: Any) -> Check:
    declaration = declaration_of("Ch", "x", edge)
    assert declaration is not None
    return Check(declaration)


@pytest.mark.parametrize(
    ("edge", "value"),
    [
        (ts[Order], Order(n=1)),
        (ts[List[Order]], [Order(n=1), Order(n=2)]),  # noqa: UP006
        (ts[List[Order]], []),  # noqa: UP006
        (ts[int], 2**63 - 1),
        (ts[str], "x"),
        (ts[datetime], datetime(2026, 1, 1)),
        (ts[timedelta], timedelta(days=3)),
        (ts[object], object()),
    ],
)
def test_what_is_right_ticks_as_it_is(edge: Any, value: Any) -> None:
    assert check(edge)(value) == value


def test_a_list_that_ticks_is_not_the_senders() -> None:
    mine = [Order(n=1)]
    ticks = check(ts[List[Order]])(mine)  # noqa: UP006
    mine.append("junk")
    assert len(ticks) == 1


def test_arrays_are_not_looked_into() -> None:
    array = numpy.array([1.0])
    assert check(ts[Numpy1DArray[float]])(array) is array


def test_a_whole_number_is_a_float_too() -> None:
    assert repr(check(ts[float])(3)) == "3.0"
    assert repr(check(ts[List[float]])([1, 2.5])) == "[1.0, 2.5]"  # noqa: UP006


@pytest.mark.parametrize(
    ("edge", "value", "kind", "message"),
    [
        (ts[Order], 3, TypeError, "channel 'x' takes Order, got int 3"),
        (ts[List[Order]], Order(n=1), TypeError, "channel 'x' takes a list of Order, got Order"),  # noqa: UP006
        (ts[List[Order]], [Order(n=1), "y"], TypeError, "takes Order, got str 'y'"),  # noqa: UP006
        (ts[int], 2**63, OverflowError, "channel 'x': a whole number of 64 bits is wanted, got one of 64"),
        (ts[List[int]], [1, -(2**70)], OverflowError, "64 bits"),  # noqa: UP006
        (ts[float], True, TypeError, "takes float, got bool"),
        (ts[str], "\ud800", ValueError, "channel 'x': a text of Unicode is wanted: surrogates not allowed at 0"),
        (ts[dict[str, int]], "zz", TypeError, "takes .*, got str 'zz'"),
        (ts[datetime], datetime(2400, 1, 1), OverflowError, "between 1678 and 2261"),
        (ts[timedelta], timedelta(days=200_000), OverflowError, "less than 292 years"),
    ],
)
def test_what_is_wrong_is_told(edge: Any, value: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        check(edge)(value)
