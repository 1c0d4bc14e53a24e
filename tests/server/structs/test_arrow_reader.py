"""Many structs of one class as Arrow."""

import enum
import math
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

import csp
import numpy as np
import pyarrow as pa
import pytest
from csp.typing import Numpy1DArray
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.structs import GatewayStruct, arrow_layout, arrow_reader
from csp_gateway.server.structs.any_json import json_of
from csp_gateway.server.structs.arrow_fits import FITS
from csp_gateway.server.structs.arrow_reader import ArrowReader, Leaf


class Side(csp.Enum):
    BUY = 0


class Inner(csp.Struct):
    x: int
    tags: dict[str, int]


class Loose(GatewayStruct):
    """Fields that csp lets anything into."""

    b: bool | None
    i: int | None
    f: float | None
    s: str | None
    by: bytes | None
    t: datetime | None
    d: date | None
    c: time | None
    td: timedelta | None
    side: Side | None
    word: Literal["a"]
    inner: Inner | None
    many: list[int | None]
    some: set[int]
    row: Numpy1DArray[float]


class Strict(csp.Struct):
    n: int
    inner: Inner
    numbers: list[float]
    either: int | str


SCALARS = {"b": bool, "i": int, "f": float, "s": str, "by": bytes, "t": datetime, "d": date, "c": time, "td": timedelta}


def plain(value: Any) -> Any:
    """A value as ``to_pylist`` has it."""
    match value:
        case enum.Enum():
            return value.name
        case csp.Struct():
            cls = type(value)
            declared = next(each for each in cls.__mro__ if each.__name__ != "NamedLeg")
            return {name: plain(getattr(value, name, None)) for name in declared.metadata() if name[0] != "_"}
        case list() | tuple():
            return [plain(each) for each in value]
        case set():
            return sorted(value)
        case np.ndarray():
            return value.tolist()
        case dict():
            return json_of(value).decode()
    return value


def same(left: Any, right: Any) -> bool:
    """Equal, NaN to NaN too, and of one type; a fold in time is nothing that Python compares."""
    return repr(left).replace(", fold=1", "") == repr(right).replace(", fold=1", "")


def anything() -> st.SearchStrategy[Any]:
    zones = st.none() | st.timezones()
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(st.characters(), max_size=3),
        st.binary(max_size=3),
        st.datetimes(timezones=zones),
        st.dates(),
        st.times(timezones=zones),
        st.timedeltas(),
        st.sampled_from([Side.BUY, np.int8(1), np.float32(0.1), np.bool_(True), Inner(x=1)]),
        st.lists(st.integers(-(2**64), 2**64) | st.none(), max_size=2),
        st.sets(st.integers(0, 9) | st.text(max_size=1), max_size=2),
        st.lists(st.floats(), max_size=2).map(np.array),
    )


def reach(row: dict[str, Any], path: str) -> Any:
    for name in path.split("."):
        row = row[name]
    return row


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_every_value_of_every_kind_is_there(structs: st.SearchStrategy[Any], data: st.DataObject) -> None:
    some = data.draw(st.lists(structs, max_size=4))
    reader = ArrowReader(type(some[0]) if some else Loose)
    rows = reader.read(some)
    rows.batch.validate(full=True)
    assert rows.batch.schema == reader.schema
    assert not {path for paths in rows.misfits.values() for path in paths} - {"row", "kind"}
    held = rows.batch.to_pylist()
    assert len(held) == len(some)
    for row, struct in zip(held, some, strict=True):
        for name, value in row.items():
            if name != "kind":  # of two types: text
                assert same(value, plain(getattr(struct, name, None))), name


@settings(deadline=None, max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from([*SCALARS, "side", "inner", "many", "some", "row"]), anything())))
def test_a_value_is_held_exactly_or_handed_back(many: list[dict[str, Any]]) -> None:
    structs = []
    for fields in many:
        struct = Loose()
        for name, value in fields.items():
            try:
                setattr(struct, name, value)
            except (TypeError, OverflowError):  # csp looks whether it is a list, a set or an array
                continue
        structs.append(struct)
    rows = ArrowReader.of(Loose).read(structs)
    rows.batch.validate(full=True)
    for i, (row, struct) in enumerate(zip(rows.batch.to_pylist(), structs, strict=True)):
        misfits = rows.misfits.get(i, {})
        for name in row:
            value = getattr(struct, name, None)
            if name in misfits:
                assert row[name] is None
                assert misfits[name] is value or same(misfits[name], value)
                assert name not in SCALARS or FITS[SCALARS[name]](value) is None
            elif name in SCALARS and value is not None:
                assert same(row[name], FITS[SCALARS[name]](value))
            elif name not in ("id", "timestamp"):
                assert same(row[name], plain(value))


def test_what_a_leaf_says() -> None:
    inner = pa.struct([("x", pa.int64()), ("tags", pa.string())])
    assert dict(ArrowReader.of(Strict).leaves) == {
        "n": Leaf("n", pa.int64(), True, False),
        "inner": Leaf("inner", inner, True, False),
        "inner.x": Leaf("inner.x", pa.int64(), True, False),
        "inner.tags": Leaf("inner.tags", pa.string(), False, True),
        "numbers": Leaf("numbers", pa.list_(pa.float64()), True, False),
        "either": Leaf("either", pa.string(), False, True),
    }
    leaves = ArrowReader.of(Loose).leaves
    assert not leaves["inner"].exact
    assert not leaves["inner.x"].exact  # there may be something else that has an x
    assert ArrowReader.of(Loose).can_misfit
    assert not ArrowReader.of(Strict).can_misfit


def test_what_only_a_subclass_has_is_handed_back_when_asked_for() -> None:
    class Base(csp.Struct):
        x: int

    reader = ArrowReader.of(Base)
    assert not reader.grows()

    class Grown(Base):
        y: int

    structs = [Base(x=1), Grown(x=2, y=3), Grown(x=4)]
    assert reader.grows()
    assert reader.read(structs).batch.to_pylist() == [{"x": 1}, {"x": 2}, {"x": 4}]
    assert reader.read(structs).misfits == {}
    assert reader.further(structs) == {1: {"y": 3}}


def test_many_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_reader, "ROWS", 3)
    structs = [Loose(i=n if n % 4 else "odd") for n in range(10)]
    reader = ArrowReader.of(Loose)
    rows = reader.read(structs)
    assert rows.batch.column("i").to_pylist() == [n if n % 4 else None for n in range(10)]
    assert rows.misfits == {0: {"i": "odd"}, 4: {"i": "odd"}, 8: {"i": "odd"}}
    batches = list(reader.read_batches(structs, 4))
    assert [part.batch.num_rows for part in batches] == [4, 4, 2]
    assert [part.misfits for part in batches] == [{0: {"i": "odd"}}] * 3
    assert reader.read([]).batch.num_rows == 0
    assert list(reader.read_batches([])) == []


def test_what_is_too_large_for_one_batch_becomes_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_layout, "_MOST", 10)
    structs = [Strict(either="a" * 4) for _ in range(3)]
    reader = ArrowReader.of(Strict)
    assert [part.batch.num_rows for part in reader.read_batches(structs)] == [1, 1, 1]
    with pytest.raises(pa.ArrowCapacityError):
        reader.read(structs)
    with pytest.raises(pa.ArrowCapacityError):
        list(reader.read_batches([Strict(either="a" * 40)]))


def test_other_classes_are_refused() -> None:
    with pytest.raises(TypeError, match="is no Strict"):
        ArrowReader.of(Strict).read([Strict(n=1), Inner(x=1)])
    with pytest.raises(TypeError, match="is no struct class"):
        ArrowReader.of(int)


def test_there_is_one_reader_a_class() -> None:
    class Parent(csp.Struct):
        x: int

    class Child(Parent):
        y: int

    assert ArrowReader.of(Parent) is ArrowReader.of(Parent)
    assert ArrowReader.of(Child).schema.names == ["x", "y"]


def test_not_a_number_and_no_date_are_what_they_are() -> None:
    class Edge(csp.Struct):
        f: float
        d: date
        td: timedelta

    rows = ArrowReader.of(Edge).read([Edge(f=math.nan, d=None, td=None), Edge(f=1.0, d=date(1, 1, 1), td=timedelta(1))])
    first, second = rows.batch.to_pylist()
    assert math.isnan(first.pop("f"))
    assert first == {"d": None, "td": None}
    assert second == {"f": 1.0, "d": date(1, 1, 1), "td": timedelta(1)}
    assert not rows.misfits
