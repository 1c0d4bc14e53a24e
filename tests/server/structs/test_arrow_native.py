"""Columns that csp makes itself."""

import gc
import math
import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, List  # noqa: UP035  # csp reads typing.List

import csp
import pyarrow as pa
import pytest
from csp import ts
from csp.adapters.arrow import record_batches_to_struct
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.structs import GatewayStruct, arrow_native
from csp_gateway.server.structs.arrow_native import WORTH, NativeReader
from csp_gateway.server.structs.arrow_nesting import StructColumn
from csp_gateway.server.structs.arrow_reader import ArrowReader

THEN = datetime(2024, 1, 1)


class Side(csp.Enum):
    BUY = 0
    SELL = 1


class Inner(csp.Struct):
    x: int


class Row(csp.Struct):
    flag: bool
    count: int
    price: float
    name: str
    at: datetime
    side: Side
    day: date
    clock: time
    span: timedelta
    raw: bytes
    inner: Inner
    some: List[int]  # noqa: UP006
    maybe: int | None


class Grown(Row):
    more: int


class Kept(GatewayStruct):
    qty: int = 0


ROWS = st.builds(
    lambda given: Row(**{name: value for name, value in given.items() if value is not None}),
    st.fixed_dictionaries(
        {
            "flag": st.none() | st.booleans(),
            "count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "price": st.none() | st.floats(),
            "name": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
            "at": st.none() | st.datetimes(datetime(1678, 1, 1), datetime(2262, 1, 1)),
            "side": st.none() | st.sampled_from(list(Side)),
            "day": st.none() | st.dates(),
            "clock": st.none() | st.times(),
            "span": st.none() | st.timedeltas(timedelta(days=-1000), timedelta(days=1000)),
            "inner": st.none() | st.builds(Inner, x=st.integers(0, 9)),
            "some": st.none() | st.lists(st.integers(0, 9), max_size=2),
        }
    ),
)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few the structs are, csp makes the columns."""
    monkeypatch.setattr(arrow_native, "WORTH", 1)


def column(cls: type) -> StructColumn:
    return ArrowReader(cls)._column


def by_python(structs: list[Any], cls: type = Row) -> pa.Array:
    """The same of a column that asks csp for nothing."""
    slow = column(cls)
    slow._native = NativeReader(cls, [])
    return slow.read(structs)[0]


def alike(fast: pa.Array, slow: pa.Array) -> bool:
    """Whether they are equal, NaN too."""
    assert fast.type == slow.type
    fast.validate(full=True)
    return repr(fast.to_pylist()) == repr(slow.to_pylist())


def test_it_makes_the_plain_fields() -> None:
    made = ["flag", "count", "price", "name", "at", "side"]
    assert [name for name, each in column(Row).fields.items() if each.native] == made


@settings(deadline=None, max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=5))
def test_it_makes_what_python_makes(structs: list[Row]) -> None:
    fast = column(Row)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow_native, "WORTH", 1)
        array, odd = fast.read(structs)
        assert set(fast._native.read(structs)) == {"flag", "count", "price", "name", "at", "side"}
    assert not odd
    assert alike(array, by_python(structs))


@pytest.mark.usefixtures("always")
def test_the_ends_of_what_the_types_hold() -> None:
    structs = [
        Row(count=-(2**63), price=math.nan, name="é\0x", at=datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        Row(count=2**63 - 1, price=-math.inf, name="", at=datetime(1678, 1, 1), day=date.min, side=Side.SELL),
        Row(),
    ]
    assert alike(column(Row).read(structs)[0], by_python(structs))


@pytest.mark.usefixtures("always")
def test_between_two_microseconds_it_is_the_one_before_as_for_python() -> None:
    class Moment(csp.Struct):
        at: datetime

    ticks = [-1_001, -1_000, -999, -1, 0, 1, 999, 1_001]
    batch = pa.record_batch({"at": pa.array(ticks, pa.timestamp("ns", "UTC"))})

    def graph() -> Any:
        batches = csp.const.using(T=List[pa.RecordBatch])([batch])  # noqa: UP006
        return record_batches_to_struct(batches, Moment, batch.schema)

    with csp.memoize(False):
        structs = csp.run(graph, starttime=THEN, endtime=THEN)[0][0][1]
    array = column(Moment).read(structs)[0]
    assert array.field("at").cast(pa.int64()).to_pylist() == [tick // 1_000 for tick in ticks]
    assert alike(array, by_python(structs, Moment))


def test_many_structs_are_read_so_with_what_the_gateway_gives_them() -> None:
    structs = [Kept(qty=i) for i in range(WORTH)]
    batch = ArrowReader.of(Kept).read(structs).batch
    assert set(column(Kept)._native.read(structs)) == {"id", "timestamp", "qty"}
    assert batch["id"].to_pylist() == [each.id for each in structs]
    assert batch["timestamp"].to_pylist() == [each.timestamp for each in structs]


def test_few_are_not_worth_it() -> None:
    assert column(Kept)._native.read([Kept()] * (WORTH - 1)) == {}


@pytest.mark.usefixtures("always")
def test_structs_of_classes_made_from_it_and_none_are_read_by_python() -> None:
    array, odd = column(Row).read([Row(count=1), Grown(count=2, more=3), None])
    assert not odd
    assert array.is_valid().to_pylist() == [True, True, False]
    assert array.field("count").to_pylist() == [1, 2, None]


@pytest.mark.usefixtures("always")
def test_what_csp_cannot_do_is_done_by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise RuntimeError("array cannot contain more than 2147483646 bytes")

    monkeypatch.setattr(NativeReader, "_batches", refused)
    assert column(Row).read([Row(count=1)])[0].field("count").to_pylist() == [1]


@pytest.mark.usefixtures("always")
def test_many_threads_read_at_once_while_an_engine_runs() -> None:
    reader = column(Kept)._native
    wrong: list[Any] = []

    def reads(start: int) -> None:
        for i in range(20):
            quantities = list(range(start, start + i + 1))
            found = reader.read([Kept(qty=qty) for qty in quantities])["qty"].to_pylist()
            if found != quantities:
                wrong.append((found, quantities))

    threads = [threading.Thread(target=reads, args=[n * 100]) for n in range(4)]

    @csp.node
    def beside(now: ts[bool]) -> ts[int]:
        with csp.start():
            for thread in threads:
                thread.start()
        if csp.ticked(now):
            return len(reader.read([Kept(qty=1)] * 3)["qty"])
        return None

    def graph() -> None:
        reader.read([Kept(qty=1)])  # also where a graph is being built
        csp.add_graph_output("read", beside(csp.timer(timedelta(milliseconds=2), True)))

    ticks = csp.run(graph, endtime=timedelta(milliseconds=60), realtime=True)["read"]
    for thread in threads:
        thread.join()
    assert ticks
    assert {value for _, value in ticks} == {3}
    assert wrong == []


@pytest.mark.usefixtures("always")
def test_nothing_is_kept_of_what_was_read() -> None:
    def alive() -> Iterator[Any]:
        return (each for each in gc.get_objects() if type(each) is list and each and type(each[0]) is Kept)

    reader = column(Kept)._native
    reader.read([Kept()] * 3)
    gc.collect()
    assert not list(alive())
