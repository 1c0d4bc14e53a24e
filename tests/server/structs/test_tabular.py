"""Many records as an answer in rows or columns."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import csp
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.structs import GatewayStruct, encode
from csp_gateway.server.structs.any_json import json_of
from csp_gateway.server.structs.arrow_reader import ArrowReader
from csp_gateway.server.structs.tabular import DictRows, StructRows, TableRows, Tabular, as_table


class Side(csp.Enum):
    BUY = 0


class Leg(csp.Struct):
    name: str


class Strict(csp.Struct):
    n: int
    leg: Leg


class Loose(GatewayStruct):
    size: int | None
    text: str | None


def rows_of(tabular: Tabular) -> list[Any]:
    return [json.loads(row) for chunk in tabular.json_rows() for row in chunk]


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_structs_are_what_encode_and_the_reader_say(structs: st.SearchStrategy[Any], data: st.DataObject) -> None:
    some = data.draw(st.lists(structs, min_size=1, max_size=4))
    answer = StructRows(type(some[0]), some)
    assert [row for chunk in answer.json_rows() for row in chunk] == list(map(encode, some))
    rows = ArrowReader.of(type(some[0])).read(some)
    table = as_table(answer)
    assert len(answer) == table.num_rows == len(some)
    assert table.schema == answer.schema
    assert repr(table.select(rows.batch.schema.names).to_pylist()) == repr(rows.batch.to_pylist())
    for i, told in enumerate(table["_odd"].to_pylist()):
        odd = json.loads(told or "{}")
        assert {path: odd[path] for path in rows.misfits.get(i, {})} == json.loads(json_of(rows.misfits.get(i, {})))


def test_what_does_not_fit_is_told_beside() -> None:
    structs = [Loose(size=2**70, text="\ud800"), Loose(size=1, text="a"), Loose(size=True)]
    answer = StructRows(Loose, structs)
    assert answer.schema.names == ["id", "timestamp", "size", "text", "_odd"]
    told = as_table(answer).to_pylist()
    assert [row["size"] for row in told] == [None, 1, None]
    assert [row["_odd"] and json.loads(row["_odd"]) for row in told] == [
        {"size": 2**70, "text": "\ud800"},
        None,
        {"size": True},
    ]
    first, second, _ = rows_of(answer)
    assert (first["size"], first["text"]) == (2**70, "\ud800")
    assert second == json.loads(encode(structs[1]))


def test_where_nothing_can_be_odd_there_is_no_column_for_it() -> None:
    answer = StructRows(Strict, [Strict(n=1, leg=Leg(name="a")), Strict()])
    assert as_table(answer).to_pylist() == [{"n": 1, "leg": {"name": "a"}}, {"n": None, "leg": None}]


def test_what_a_subclass_adds_is_told_beside() -> None:
    class Base(csp.Struct):
        x: int

    class Grown(Base):
        y: int

    answer = StructRows(Base, [Base(x=1), Grown(x=2, y=3)])
    assert as_table(answer).to_pylist() == [{"x": 1, "_odd": None}, {"x": 2, "_odd": '{"y":3}'}]
    assert rows_of(answer) == [{"x": 1}, {"x": 2, "y": 3}]


def test_rows_can_be_written_by_someone_else() -> None:
    answer = StructRows(Strict, [Strict(n=1)] * 1001, written=lambda structs: [b"{}"] * len(structs))
    assert [len(chunk) for chunk in answer.json_rows()] == [500, 500, 1]


def test_structs_come_ten_thousand_at_a_time() -> None:
    answer = StructRows(Loose, [Loose(size=n if n != 10_001 else "x") for n in range(10_002)])
    assert [batch.num_rows for batch in answer.batches()] == [10_000, 2]
    assert as_table(answer)["_odd"].to_pylist()[10_000:] == [None, '{"size":"x"}']


def test_dicts_in_the_forms_of_a_records_json() -> None:
    rows = [
        {"side": Side.BUY, "n": 2**70, "at": datetime(2024, 1, 1, tzinfo=UTC), "leg.name": "a"},
        {"side": None, "n": 1, "at": datetime(2024, 1, 1), "leg.name": None},
    ]
    types = {"side": Side, "n": int, "at": datetime, "leg.name": str, "span": timedelta | None}
    answer = DictRows(types, rows)
    assert rows_of(answer) == [
        {"side": "BUY", "n": 2**70, "at": "2024-01-01T00:00:00", "leg.name": "a"},
        {"side": None, "n": 1, "at": "2024-01-01T00:00:00", "leg.name": None},
    ]
    table = as_table(answer)
    assert table.schema == answer.schema
    assert table["n"].to_pylist() == [None, 1]
    assert table["at"].to_pylist() == [datetime(2024, 1, 1)] * 2
    assert table["_odd"].to_pylist() == [f'{{"n":{2**70}}}', None]
    assert len(answer) == 2


def test_dicts_that_are_known_to_fit_need_no_odd_column() -> None:
    assert DictRows({"n": int, "any": dict}, [{"n": 1}], exact={"n"}).schema.names == ["n", "any"]
    assert DictRows({"n": int, "_odd": str}, []).schema.names == ["n", "_odd", "_odd_1"]


VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(st.characters(), max_size=3)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({"i": VALUES, "f": VALUES, "any": VALUES}), max_size=5))
def test_nothing_in_a_dict_is_lost(rows: list[dict[str, Any]]) -> None:
    answer = DictRows({"i": int, "f": float, "any": Any}, rows)
    assert rows_of(answer) == [json.loads(json_of(row)) for row in rows]
    table = as_table(answer).to_pylist()
    for held, row in zip(table, rows, strict=True):
        odd = json.loads(held["_odd"] or "{}")
        for name in ("i", "f"):
            if name in odd:
                assert held[name] is None
                assert odd[name] == json.loads(json_of(row[name]))
            else:
                assert repr(held[name]) == repr(row[name]) or float(row[name]) == held[name]
        assert (held["any"] is None and row["any"] is None) or json.loads(held["any"]) == json.loads(
            json_of(row["any"])
        )


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.text(st.characters(exclude_categories=["Cs"])))))
def test_a_table_in_rows_and_pieces(values: list[tuple[int, str]]) -> None:
    schema = pa.schema([("n", pa.int64()), ("s", pa.string())])
    table = pa.Table.from_pylist([{"n": n, "s": s} for n, s in values], schema=schema)
    answer = TableRows(pa.concat_tables([table, table]))
    assert rows_of(answer) == table.to_pylist() * 2
    assert as_table(answer).to_pylist() == table.to_pylist() * 2
    assert len(answer) == 2 * len(values)


def test_columns_of_one_name_are_told_apart() -> None:
    one = pa.array([1])
    answer = TableRows(pa.Table.from_arrays([one] * 5, names=["x", "x", "x_1", "x", "y"]))
    assert answer.schema.names == ["x", "x_2", "x_1", "x_3", "y"]
    assert rows_of(answer) == [dict.fromkeys(answer.schema.names, 1)]


@pytest.mark.parametrize("answer", [StructRows(Strict, []), DictRows({"n": int}, []), TableRows(pa.table({"n": []}))])
def test_no_records(answer: Tabular) -> None:
    assert list(answer.json_rows()) == []
    assert as_table(answer).num_rows == len(answer) == 0


def test_pandas_is_left_alone() -> None:
    program = (
        "import sys, csp\n"
        "from csp_gateway.server.structs.tabular import StructRows, TableRows, as_table\n"
        "S = csp.impl.struct.define_struct('S', {'n': int, 's': list[str]})\n"
        "table = as_table(StructRows(S, [S(n=1, s=['a'])]))\n"
        'assert list(TableRows(table).json_rows()) == [[b\'{"n":1,"s":["a"]}\']]\n'
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
