"""Structs as flat rows."""

import enum
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray, NumpyNDArray
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from csp_gateway import DeclarationError, GatewayStruct
from csp_gateway.server.structs.columns import MOST_ROWS, ColumnReader


class Colour(enum.Enum):
    RED = 1
    BLUE = "two"


class Leaf(csp.Struct):
    v: float
    w: list[int]


class Node(csp.Struct):
    leaf: Leaf
    leaves: list[Leaf]
    name: str


class Row(GatewayStruct):
    x: int
    colour: Colour
    maybe: int | None
    array: Numpy1DArray[float]
    node: Node
    span: timedelta
    tags: dict[str, int]
    _hidden: int


def test_columns_are_scalars_as_declared_then_what_is_nested() -> None:
    assert ColumnReader(Row).types == {
        "id": str,
        "timestamp": datetime,
        "x": int,
        "colour": str,
        "maybe": int,
        "array": float,
        "span": float,
        "tags": str,
        "node.name": str,
        "node.leaf.v": float,
        "node.leaf.w": int,
        "node.leaves.v": float,
        "node.leaves.w": int,
    }


def test_what_cannot_be_shown_is_said(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(csp.Struct):
        a: object
        b: int

    assert ColumnReader(Odd).types == {"b": int}
    assert "Odd.a is not shown in tables" in caplog.text


def test_a_model_that_holds_itself_ends_somewhere(caplog: pytest.LogCaptureFixture) -> None:
    class Tree(BaseModel):
        n: int = 1
        below: "Tree | None" = None

    Tree.model_rebuild(_types_namespace={"Tree": Tree})

    class Held(csp.Struct):
        tree: Tree

    reader = ColumnReader(Held)
    assert len(reader.types) == 8
    assert reader.rows(Held(tree=Tree(below=Tree(n=2)))) == [{"tree.n": 1, "tree.below.n": 2}]
    assert "is not shown" in caplog.text


def test_unset_fields_are_empty_and_so_is_none() -> None:
    first, second = Row(x=1), Row(x=2, node=Node())
    block = ColumnReader(Row).read([first, None, second])
    assert block.counts == [1, 1, 1]
    assert block.columns["x"] == [1, None, 2]
    assert block.columns["id"] == [first.id, None, second.id]
    assert block.columns["node.leaf.v"] == [None, None, None]


def test_no_structs_no_rows() -> None:
    block = ColumnReader(Row).read([])
    assert block.columns == {name: [] for name in ColumnReader(Row).types}


def test_a_struct_without_lists_is_one_row() -> None:
    class Plain(csp.Struct):
        a: int
        leaf: Colour

    assert ColumnReader(Plain).read([Plain(a=1, leaf=Colour.BLUE)]).counts is None
    assert ColumnReader(Plain).rows(Plain(a=1)) == [{"a": 1}]


def test_several_lists_make_every_combination() -> None:
    node = Node(name="n", leaf=Leaf(v=0.5, w=[1, 2]), leaves=[Leaf(v=1.0, w=[3]), Leaf(v=2.0)])
    assert ColumnReader(Node).rows(node) == [
        {"name": "n", "leaf.v": 0.5, "leaf.w": 1, "leaves.v": 1.0, "leaves.w": 3},
        {"name": "n", "leaf.v": 0.5, "leaf.w": 1, "leaves.v": 2.0},
        {"name": "n", "leaf.v": 0.5, "leaf.w": 2, "leaves.v": 1.0, "leaves.w": 3},
        {"name": "n", "leaf.v": 0.5, "leaf.w": 2, "leaves.v": 2.0},
    ]


def test_one_struct_never_becomes_more_rows_than_the_limit() -> None:
    class Two(csp.Struct):
        a: list[int]
        b: list[int]

    block = ColumnReader(Two).read([Two(a=list(range(300)), b=list(range(300))), Two(a=[1])])
    assert block.counts == [MOST_ROWS, 1]
    assert block.cut == 300 * 300 - MOST_ROWS
    assert block.columns["a"][: MOST_ROWS + 1 : 300] == [0, 1, 2, 3]
    assert block.columns["a"][-1] == 1


def test_arrays_of_any_shape_and_kind() -> None:
    class Arrays(csp.Struct):
        flat: Numpy1DArray[datetime]
        square: NumpyNDArray[float]

    moment = datetime(2024, 1, 2, 3, 4, 5, 678901)
    rows = ColumnReader(Arrays).rows(
        Arrays(flat=np.array([moment], "datetime64[ns]"), square=np.array([[1.0, 2.0], [3.0, 4.0]]))
    )
    assert [row["square"] for row in rows] == [1.0, 2.0, 3.0, 4.0]
    assert {row["flat"] for row in rows} == {moment}


@pytest.mark.parametrize(
    ("excluded", "gone"),
    [
        ({"x", "node"}, {"x", "node.name", "node.leaf.v", "node.leaf.w", "node.leaves.v", "node.leaves.w"}),
        ({"x": True, "node": {"leaf"}}, {"x", "node.leaf.v", "node.leaf.w"}),
        ({"node": {"leaf": {"v"}, "name": True}}, {"node.leaf.v", "node.name"}),
        (None, set()),
    ],
)
def test_excluded_columns(excluded: Any, gone: set[str]) -> None:
    assert ColumnReader(Row).types.keys() - ColumnReader(Row, excluded).types.keys() == gone


@pytest.mark.parametrize("excluded", [{"colur"}, {"node": {"leef"}}])
def test_an_unknown_column_to_exclude_names_the_nearest(excluded: Any) -> None:
    with pytest.raises(DeclarationError, match=r"did you mean '(colour|leaf)'"):
        ColumnReader(Row, excluded)


# The fast reader against a slow one.

SCALARS = {
    "x": st.integers(-(2**63), 2**63 - 1),
    "colour": st.sampled_from(Colour),
    "maybe": st.none() | st.integers(0),
}


def partly(strategies: dict[str, Any], struct: type) -> st.SearchStrategy[Any]:
    """Structs with some of their fields set."""
    return st.fixed_dictionaries({}, optional=strategies).map(lambda fields: struct(**fields))


LEAVES = partly({"v": st.floats(allow_nan=False), "w": st.lists(st.integers(0, 9), max_size=3)}, Leaf)
NODES = partly({"leaf": LEAVES, "leaves": st.lists(LEAVES, max_size=3), "name": st.text(max_size=3)}, Node)
ARRAYS = st.lists(st.floats(allow_nan=False), max_size=3).map(lambda values: np.array(values, np.float64))
ROWS = partly({**SCALARS, "array": ARRAYS, "node": NODES}, Row)


def slow_rows(value: Any) -> list[dict[str, Any]]:
    """The rows of one value, as one would write them down."""
    plain: dict[str, Any] = {}
    lists: list[list[dict[str, Any]]] = []
    for name in type(value).metadata():
        if name.startswith("_") or not hasattr(value, name) or getattr(value, name) is None:
            continue
        field = getattr(value, name)
        if isinstance(field, csp.Struct):
            lists.append(under(name, slow_rows(field)))
        elif isinstance(field, np.ndarray):
            lists.append([{name: each} for each in field.tolist()] or [{}])
        elif isinstance(field, list):
            rows = [under(name, slow_rows(e)) if isinstance(e, csp.Struct) else [{name: e}] for e in field]
            lists.append([row for some in rows for row in some] or [{}])
        else:
            plain[name] = field.name if isinstance(field, enum.Enum) else field
    return [plain | {k: v for part in parts for k, v in part.items()} for parts in product(*lists)]


def under(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{f"{name}.{key}": value for key, value in row.items()} for row in rows]


@settings(deadline=None)
@given(st.lists(ROWS, max_size=4))
def test_it_reads_what_one_would_write_down_row_by_row(structs: list[Row]) -> None:
    block = ColumnReader(Row).read(structs)
    names = list(block.columns)
    rows = [
        {name: value for name, value in zip(names, values, strict=True) if value is not None}
        for values in zip(*block.columns.values(), strict=True)
    ]

    def in_any_order(some: list[dict[str, Any]]) -> list[str]:
        return sorted(repr(sorted(row.items())) for row in some)

    for struct, count in zip(structs, block.counts or [], strict=True):
        mine, rows = rows[:count], rows[count:]
        assert in_any_order(mine) == in_any_order(slow_rows(struct))
    assert rows == []
