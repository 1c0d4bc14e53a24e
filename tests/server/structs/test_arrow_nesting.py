"""Columns of lists and of structs."""

import enum
import gc
from datetime import datetime, timedelta
from typing import Any

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray

from csp_gateway.server.structs.arrow_types import column_of


class Side(csp.Enum):
    BUY = 0


class Other(enum.Enum):
    BUY = 0


class Inner(csp.Struct):
    x: int
    y: int | None


class Grown(Inner):
    z: int


@pytest.mark.parametrize(
    ("annotation", "value", "held"),
    [
        (set[int], {3, 1, 2}, [1, 2, 3]),
        (set[object], {1}, "[1]"),
        (tuple[int, ...], [1], [1]),
        (list[int | None], [1, None], [1, None]),
        (list[int], [], []),
        (Numpy1DArray[float], np.array([1.5, np.inf]), [1.5, np.inf]),
        (Numpy1DArray[float], np.arange(6.0)[::2], [0.0, 2.0, 4.0]),
        (Numpy1DArray[float], np.array([1, 2]), [1.0, 2.0]),
        (Numpy1DArray[float], np.array([1, 2], ">f8"), [1.0, 2.0]),
        (Numpy1DArray[bool], np.array([True, False]), [True, False]),
        (Numpy1DArray[str], np.array(["a"]), ["a"]),
        (
            Numpy1DArray[np.dtype("M8[ns]")],
            np.array(["2024-01-01", "NaT"], "M8[ns]"),
            [datetime(2024, 1, 1), None],
        ),
        (Numpy1DArray[np.dtype("m8[s]")], np.array([1], "m8[s]"), [timedelta(seconds=1)]),
    ],
)
def test_elements_stand_in_a_list(annotation: Any, value: Any, held: Any) -> None:
    array, odd = column_of(annotation).read([None, value])
    array.validate(full=True)
    assert array.to_pylist() == [None, held]
    assert not odd


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (list[int], [1, "a"]),
        (list[int], {1}),
        (set[int], [1]),
        (list[list[int]], [[1], [2.5]]),
        (list[Inner], [Inner(y="odd")]),
        (Numpy1DArray[int], np.array([1.5])),
        (Numpy1DArray[int], np.ones((2, 2), int)),
        (Numpy1DArray[int], [1]),
        (Numpy1DArray[np.dtype("M8[ns]")], np.array(["2024-01-01T00:00:00.000000001"], "M8[ns]")),
    ],
)
def test_a_list_with_an_odd_element_is_odd_as_a_whole(annotation: Any, value: Any) -> None:
    fitting: Any = np.array([], int) if "Numpy" in str(annotation) else set() if annotation == set[int] else []
    array, odd = column_of(annotation).read([fitting, value, None, fitting])
    array.validate(full=True)
    assert array.to_pylist() == [[], None, None, []]
    assert list(odd) == [1]
    assert odd[1][""] is value


def test_a_set_without_an_order_stands_as_it_comes() -> None:
    array, odd = column_of(set[Side]).read([{Side.BUY}])
    assert array.to_pylist() == [["BUY"]]
    assert not odd


def test_what_is_odd_in_a_struct_has_its_path() -> None:
    array, odd = column_of(Inner).read([Inner(x=1, y="odd"), None, "none", Inner()])
    array.validate(full=True)
    assert array.to_pylist() == [{"x": 1, "y": None}, None, None, {"x": None, "y": None}]
    assert odd == {0: {"y": "odd"}, 2: {"": "none"}}


def test_what_a_subclass_adds_is_told_apart() -> None:
    column = column_of(list[Inner])
    plain, grown = [Inner(x=1)], [Inner(x=1), Grown(z=5)]
    assert column.grows()
    assert not column_of(Grown).grows()
    assert column.further([plain, None, grown]) == {2: {"": grown}}
    assert column_of(Inner | None).further([Grown(x=1, z=2), None, "odd", Grown(x=1)]) == {0: {"z": 2}}


class Holder(csp.Struct):
    inner: Inner
    many: list[int]


def test_many_are_read_without_calling_the_garbage_collector() -> None:
    structs = [Holder(inner=Inner(x=n, y=n if n % 400 else "odd"), many=[n] * (n % 3)) for n in range(3_000)]
    column = column_of(Holder)
    gc.collect()
    before = gc.get_stats()
    array, odd = column.read(structs)
    assert gc.get_stats()[1]["collections"] == before[1]["collections"]
    array.validate(full=True)
    assert [row["inner"]["x"] for row in array.to_pylist()] == list(range(3_000))
    assert [len(row["many"]) for row in array.to_pylist()] == [n % 3 for n in range(3_000)]
    assert odd == {n: {"inner.y": "odd"} for n in range(0, 3_000, 400)}


def test_a_list_that_grows_meanwhile_stands_as_it_was() -> None:
    grows: list[Any] = [1]

    class Growing(int):
        """Adds to the list when it is looked at."""

        def __le__(self, other: int) -> bool:
            return int(self) <= other

        def __int__(self) -> int:
            grows.append(2)
            return 7

    grows.append(Growing(7))
    array, odd = column_of(list[int]).read([grows, [3]])
    array.validate(full=True)
    assert array.to_pylist() == [[1, 7], [3]]
    assert not odd
    assert len(grows) > 2
