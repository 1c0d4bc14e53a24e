"""encode: what the generated writers give is what pydantic gives."""

import enum
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, PlainSerializer

from csp_gateway.server.structs import GatewayStruct, encode, encode_many
from csp_gateway.server.structs.compile import source_of
from csp_gateway.server.structs.encode import writer_of

WHEN = datetime(2020, 1, 1, 3)


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Colour(enum.Enum):
    RED = "r"


class Inner(GatewayStruct):
    a: int


class Derived(Inner):
    b: int


class Outer(GatewayStruct):
    x: int
    inner: Inner
    many: list[Inner]


def written(struct: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(encode(struct))
    return {key: value for key, value in read.items() if key not in ("id", "timestamp")}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_encode_gives_what_pydantic_gives(data: st.DataObject, structs: st.SearchStrategy[Any]) -> None:
    struct = data.draw(structs)
    by_pydantic = struct.type_adapter().dump_json(struct)
    assert json.loads(encode(struct)) == json.loads(by_pydantic)
    assert list(json.loads(encode(struct))) == list(json.loads(by_pydantic))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_fields_only_pydantic_can_write_are_written_by_it(
    data: st.DataObject, slow_structs: st.SearchStrategy[Any]
) -> None:
    struct = data.draw(slow_structs)
    assert json.loads(encode(struct)) == json.loads(struct.type_adapter().dump_json(struct))


def test_id_and_timestamp_come_first_then_the_fields_as_declared() -> None:
    struct = Derived(b=2, a=1, id="7", timestamp=WHEN)
    assert encode(struct) == b'{"id":"7","timestamp":"2020-01-01T03:00:00","a":1,"b":2}'


def test_what_is_unset_is_absent_and_what_is_none_is_null() -> None:
    class Maybe(GatewayStruct):
        x: int
        y: int | None

    assert written(Maybe(y=None)) == {"y": None}


def test_a_private_field_stays_inside() -> None:
    class Private(GatewayStruct):
        x: int
        _note: str = "mine"

    assert written(Private(x=1)) == {"x": 1}
    assert Private(x=1)._note == "mine"


def test_a_nested_struct_is_written_as_what_it_is() -> None:
    outer = Outer(inner=Derived(a=1, b=2, id="1", timestamp=WHEN), many=[Inner(a=3, id="2", timestamp=WHEN)])
    inner = {"id": "1", "timestamp": "2020-01-01T03:00:00", "a": 1, "b": 2}
    assert written(outer) == {
        "inner": inner,
        "many": [{"id": "2", "timestamp": "2020-01-01T03:00:00", "a": 3}],
    }
    assert json.loads(outer.type_adapter().dump_json(outer))["inner"] == inner
    assert outer.model_dump(mode="json")["inner"] == inner


def test_a_plain_csp_struct_inside_has_the_same_form() -> None:
    class Plain(csp.Struct):
        span: timedelta
        colour: Colour

    class Holder(GatewayStruct):
        plain: Plain

    holder = Holder(plain=Plain(span=timedelta(seconds=1.5), colour=Colour.RED))
    assert written(holder) == {"plain": {"span": 1.5, "colour": "r"}}
    assert encode(holder.plain) == b'{"span":1.5,"colour":"r"}'


@pytest.mark.parametrize(
    ("tp", "value", "form"),
    [
        (float, float("nan"), None),
        (float, float("-inf"), None),
        (dict[str, float], {"a": float("inf")}, {"a": None}),
        (datetime, datetime(2020, 1, 1, 5, tzinfo=timezone(timedelta(hours=2))), "2020-01-01T03:00:00"),
        (datetime, datetime(2020, 1, 1, 5, 0, 0, 7), "2020-01-01T05:00:00.000007"),
        (datetime | None, datetime(2020, 1, 1, 5, tzinfo=UTC), "2020-01-01T05:00:00"),
        (dict[str, datetime], {"a": datetime(2020, 1, 1, 5, tzinfo=UTC)}, {"a": "2020-01-01T05:00:00"}),
        (date, date(2024, 1, 2), "2024-01-02"),
        (time, time(1, 2, 3), "01:02:03"),
        (timedelta, timedelta(minutes=-1), -60.0),
        (list[timedelta], [timedelta(seconds=1)], [1.0]),
        (Side, Side.SELL, "SELL"),
        (dict[Side, int], {Side.SELL: 1}, {"SELL": 1}),
        (Colour, Colour.RED, "r"),
        (list[Colour], [Colour.RED], ["r"]),
        (set[int], {1}, [1]),
        (tuple[int, ...], (1, 2), [1, 2]),
        (dict[int, int], {1: 2}, {"1": 2}),
        (Numpy1DArray[float], np.array([1.0, np.nan]), [1.0, None]),
        (Numpy1DArray[float], np.arange(6.0)[::2], [0.0, 2.0, 4.0]),
        (Numpy1DArray[int], np.array([1, 2]), [1, 2]),
        (NumpyNDArray[float], np.array([[1.0], [2.0]]), [[1.0], [2.0]]),
        (bytes, b"ab", "ab"),
        (object, 2**80, 2**80),
        (dict[str, int], {"a": 2**80}, {"a": 2**80}),
    ],
)
def test_each_kind_has_one_form(tp: Any, value: Any, form: Any) -> None:
    kind = type(GatewayStruct)("Kind", (GatewayStruct,), {"__annotations__": {"x": tp}, "__module__": __name__})
    struct = kind(x=value)
    assert written(struct) == {"x": form}
    assert json.loads(struct.type_adapter().dump_json(struct))["x"] == form
    assert json.loads(struct.model_dump_json())["x"] == form


def test_a_serializer_in_the_annotation_is_honoured() -> None:
    class Hex(GatewayStruct):
        x: Annotated[int, PlainSerializer(hex)]
        secret: int = Field(default=1, exclude=True)

    assert written(Hex(x=255)) == {"x": "0xff"}
    assert set(json.loads(Hex.type_adapter().dump_json(Hex(x=1)))) == {"id", "timestamp", "x"}


def test_many_are_one_array() -> None:
    structs = [Inner(a=1), Derived(a=2, b=3)]
    assert json.loads(encode_many(iter(structs))) == [json.loads(encode(struct)) for struct in structs]
    assert encode_many([]) == b"[]"


def test_one_that_only_pydantic_can_write_does_not_spoil_many() -> None:
    class Wide(GatewayStruct):
        x: dict[str, int]

    assert [each["x"] for each in json.loads(encode_many([Wide(x={}), Wide(x={"a": 2**80})]))] == [{}, {"a": 2**80}]


def test_only_structs_can_be_written() -> None:
    with pytest.raises(Exception, match="int"):
        encode(5)


def test_the_generated_code_can_be_read() -> None:
    source = source_of(writer_of(Outer))
    assert "'x': o.x," in source
    assert "'inner': writers[type(struct := o.inner)](struct)," in source
