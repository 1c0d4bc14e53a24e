"""What a field's type becomes in a table."""

import enum
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import BaseModel, Field

from csp_gateway.server.structs.column_types import field_types, shape_of


class Colour(enum.Enum):
    RED = 1


class Side(csp.Enum):
    BUY = 7


class Model(BaseModel):
    a: int = 1


class Inner(csp.Struct):
    v: float


@pytest.mark.parametrize(
    ("annotation", "kind", "listed"),
    [
        (str, str, False),
        (int, int, False),
        (bool, bool, False),
        (datetime, datetime, False),
        (date, date, False),
        (int | None, int, False),
        (Annotated[int, Field(gt=1)], int, False),
        (Annotated[int | None, "x"], int, False),
        (Literal["a", "b"], str, False),
        (timedelta, float, False),
        (time, str, False),
        (bytes, str, False),
        (Colour, str, False),
        (Side, str, False),
        (dict[str, int], str, False),
        (set[int], str, False),
        (tuple[int, ...], str, False),
        (list, str, False),
        (np.ndarray, str, False),
        (list[float], float, True),
        (list[list[int]], int, True),
        (list[Side], str, True),
        (list[int | None], int, True),
        (Numpy1DArray[float], float, True),
        (NumpyNDArray[int], int, True),
    ],
)
def test_the_column_of_a_type(annotation: Any, kind: type, listed: bool) -> None:
    shape = shape_of(annotation)
    assert shape is not None
    assert (shape.column.type, shape.listed, shape.struct) == (kind, listed, None)


@pytest.mark.parametrize("struct", [Inner, Model])
def test_structs_and_models_have_columns_of_their_own(struct: type) -> None:
    for annotation, listed in ((struct, False), (struct | None, False), (list[struct], True)):
        shape = shape_of(annotation)
        assert shape is not None
        assert (shape.struct, shape.listed) == (struct, listed)


@pytest.mark.parametrize("annotation", [object, int | str, complex, Literal["a", 1], Any])
def test_what_no_column_can_hold(annotation: Any) -> None:
    assert shape_of(annotation) is None


@pytest.mark.parametrize(
    ("annotation", "value", "shown"),
    [
        (timedelta, timedelta(seconds=1.5), 1.5),
        (time, time(1, 2, 3), "01:02:03"),
        (bytes, b"a\xff", "a\ufffd"),
        (Colour, Colour.RED, "RED"),
        (Side, Side.BUY, "BUY"),
        (dict, {"a": 1, "b": None}, '{"a":1,"b":null}'),
        (dict, {1: "x"}, '{"1":"x"}'),
        (dict, {Side.BUY: Side.BUY}, '{"BUY":"BUY"}'),
        (dict, {"s": Inner(v=1.0), "m": Model()}, '{"s":{"v":1.0},"m":{"a":1}}'),
        (dict, {"t": timedelta(seconds=1), "b": b"x", "s": {1}}, '{"t":1.0,"b":"x","s":[1]}'),
        (dict, {"d": datetime(2024, 1, 1)}, '{"d":"2024-01-01T00:00:00"}'),
        (set, {1}, "[1]"),
        (tuple, (1, "a"), '[1,"a"]'),
        (np.ndarray, np.array([1.5]), "[1.5]"),
        (dict, {"o": 1j}, '{"o":"1j"}'),
    ],
)
def test_values_are_brought_to_their_column(annotation: Any, value: Any, shown: Any) -> None:
    shape = shape_of(annotation)
    assert shape is not None
    assert shape.column.convert is not None
    assert shape.column.convert([value, None]) == [shown, None]


def test_field_types() -> None:
    assert field_types(Inner) == {"v": float}
    assert field_types(Model) == {"a": int}
