"""What a field becomes in Arrow."""

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Optional, Union

import csp
import numpy as np
import pyarrow as pa
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import BaseModel, Field

from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.structs.arrow_types import DEEPEST, column_of, struct_column


class Side(csp.Enum):
    BUY = 0


class Colour(enum.Enum):
    RED = "r"


class Flags(enum.Flag):
    A = 1


class Inner(csp.Struct):
    x: int
    _y: int


class Model(BaseModel):
    x: int


Name = NewType("Name", str)
INNER = pa.struct([("x", pa.int64())])
TEXT = pa.string()


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (bool, pa.bool_()),
        (int, pa.int64()),
        (float, pa.float64()),
        (str, pa.string()),
        (bytes, pa.binary()),
        (date, pa.date32()),
        (datetime, pa.timestamp("us")),
        (time, pa.time64("us")),
        (timedelta, pa.duration("us")),
        (Side, pa.string()),
        (Colour, pa.string()),
        (Inner, INNER),
        (Optional[int], pa.int64()),  # noqa: UP045  # as csp has it
        (Annotated[int | None, "note"], pa.int64()),
        (Name, pa.string()),
        (Literal["a", "b", None], pa.string()),
        (list[int], pa.list_(pa.int64())),
        (tuple[str, ...], pa.list_(pa.string())),
        (set[date], pa.list_(pa.date32())),
        (frozenset[Side], pa.list_(pa.string())),
        (list[Inner | None], pa.list_(INNER)),
        (list[list[float]], pa.list_(pa.list_(pa.float64()))),
        (Numpy1DArray[float], pa.list_(pa.float64())),
        (Numpy1DArray[np.uint8], pa.list_(pa.int64())),
        (Numpy1DArray[np.dtype("M8[ns]")], pa.list_(pa.timestamp("us"))),
    ],
)
def test_the_type_of_each(annotation: Any, kind: pa.DataType) -> None:
    assert column_of(annotation).kind == kind


@pytest.mark.parametrize(
    "annotation",
    [
        dict[str, int],
        Union[int, str],  # noqa: UP007
        Literal["a", 1],
        Any,
        object,
        list,
        list[dict[str, int]],
        tuple[int, str],
        NumpyNDArray[float],
        Numpy1DArray[object],
        Numpy1DArray[complex],
        Model,
        Decimal,
        complex,
        Flags,
        type(None),
    ],
)
def test_anything_else_is_text(annotation: Any) -> None:
    column = column_of(annotation)
    assert (column.kind, column.sure, column.exact) == (TEXT, True, False)


def test_fields_stand_as_they_do_in_json_without_the_hidden_ones() -> None:
    class Order(GatewayStruct):
        b: int
        a: Inner
        secret: str = Field(default="", exclude=True)
        _private: int

    column = struct_column(Order)
    assert list(column.fields) == ["id", "timestamp", "b", "a"]
    assert column.fields["a"].kind == INNER


@pytest.mark.parametrize(
    ("annotation", "exact", "sure"),
    [
        (int, True, True),
        (Side, True, True),
        (Colour, True, True),
        (Inner, True, True),
        (list[int], True, True),
        (list[Inner], True, True),
        (list[Side], True, True),
        (list[Colour], True, False),  # csp takes a list of anything for one of these
        (list[list[int]], True, False),
        (set[int], False, False),
        (int | None, False, False),
        (Inner | None, False, False),
        (Numpy1DArray[float], False, False),
    ],
)
def test_exact_is_what_csp_itself_checks(annotation: Any, exact: bool, sure: bool) -> None:
    column = struct_column(csp.impl.struct.define_struct("S", {"f": annotation})).fields["f"]
    assert (column.exact, column.sure) == (exact, sure)
    assert not column_of(int).exact


def test_what_is_too_deep_is_text() -> None:
    kind: Any = Inner
    for _ in range(DEEPEST):
        kind = csp.impl.struct.define_struct("S", {"f": kind})
    column = struct_column(kind)
    for _ in range(DEEPEST - 1):
        column = column.fields["f"]  # type: ignore[assignment]
    assert column.fields["f"].kind == TEXT
    struct = Inner(x=1)
    for cls in reversed(_classes(kind)):
        struct = cls(f=struct)
    array, _ = struct_column(kind).read([struct])
    value = array.to_pylist()[0]
    for _ in range(DEEPEST):
        value = value["f"]
    assert value == '{"x":1}'


def _classes(kind: Any) -> list[Any]:
    found = []
    while "f" in kind.metadata():
        found.append(kind)
        kind = kind.metadata()["f"]
    return found
