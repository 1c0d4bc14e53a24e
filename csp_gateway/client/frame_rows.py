"""The rows of a frame of pandas or polars or of an Arrow table, as the objects that a gateway takes for records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from csp_gateway.client.shapes import Kind, Shape, shape_at
from csp_gateway.errors import WrongArgumentError

__all__ = ["IS_JSON", "is_frame", "rows_of"]

IS_JSON: Mapping[bytes, bytes] = {b"csp-gateway": b"json"}
"""What a field of Arrow's says of itself whose text is the JSON of values, so that they can be sent back."""

_ROWS = 1_000
"""Rows that are made at once."""


def is_frame(data: Any) -> bool:
    """Whether it is one; none of their packages is imported to know."""
    return _kind(data) in _COLUMNS


def rows_of(frame: Any, where: str, fields: Mapping[str, Shape] | None = None) -> Iterator[dict[str, Any]]:
    """Each row as an object. A column ``leg.price`` is the field of a struct ``leg``; what is missing is left out.

    An index of pandas is fields as far as it has names, as by ``reset_index``. Text of Arrow's that says of itself that
    it is JSON is what it says; so is text where the schema has only objects or arrays, if it is the JSON of one.

    Args:
        where: what the frame is called in an error.
        fields: what the schema says of a record, by name.

    Raises:
        WrongArgumentError: a column's or an index's name is no text, or stands twice, or is a struct's and another
            column's; or text is no JSON that should be.
    """
    names, slices = _COLUMNS[_kind(frame)](frame)
    tree = _tree(names, where)
    shapes = [shape_at(fields or {}, name) for name in names]
    said = [(i, change) for i, shape in enumerate(shapes) if shape and (change := _shape_change(shape)) is not None]
    changes = [*_changes(frame, where), *said]
    for columns in slices:
        for i, change in changes:
            columns[i] = list(map(change, columns[i]))
        yield from _rows(tree, columns)


def _changes(frame: Any, where: str) -> Iterator[tuple[int, _Change]]:
    """By column, what makes its values such as a record has."""
    found: list[_Change | None] = []
    match _kind(frame).partition(".")[0]:
        case "pyarrow":
            found = [_arrow_change(field, f"{where}: the column {field.name!r}") for field in frame.schema]
        case "polars":
            found = list(map(_polars_change, frame.dtypes))
    yield from ((i, change) for i, change in enumerate(found) if change is not None)


_Change: TypeAlias = Callable[[Any], Any]
_Tree: TypeAlias = "dict[str, int | _Tree]"
"""Name of a field → which column it is, or what is below it."""


def _rows(tree: _Tree, columns: Sequence[list[Any]]) -> list[dict[str, Any]]:
    names = list(tree)
    values = [
        columns[below] if isinstance(below, int) else [row or None for row in _rows(below, columns)]
        for below in tree.values()
    ]
    rows = zip(*values, strict=True)
    if not any(type(None) in set(map(type, each)) for each in values):
        return [dict(zip(names, row, strict=True)) for row in rows]
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def _kind(data: Any) -> str:
    return f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"


def _tree(names: Sequence[Any], where: str) -> _Tree:
    """The columns as the fields of a record."""
    tree: _Tree = {}
    for i, name in enumerate(names):
        if not isinstance(name, str):
            raise WrongArgumentError(f"{where}: the column {name!r} has a name that is no text; rename it")
        *above, last = name.split(".")
        place = tree
        for step in above:
            below = place.setdefault(step, {})
            if isinstance(below, int):
                raise WrongArgumentError(
                    f"{where}: {name!r} is the field of a struct, and {names[below]!r} no struct; drop one"
                )
            place = below
        if last in place:
            raise WrongArgumentError(
                f"{where}: two columns, or a named index and a column, say what {name!r} is; drop one"
            )
        place[last] = i
    return tree


def _arrow_change(field: Any, where: str) -> _Change | None:
    """What makes values of a field of Arrow's such as a record has; None if they are."""
    kind = field.type
    if IS_JSON.items() <= (field.metadata or {}).items():
        return lambda value: _read(value, where)
    if hasattr(kind, "value_field"):
        return _of_list(_arrow_change(kind.value_field, where))
    if type(kind).__name__ == "StructType":
        return _of_struct({each.name: _arrow_change(each, where) for each in kind})
    return None


def _polars_change(dtype: Any) -> _Change | None:
    """The same of a type of polars'."""
    if hasattr(dtype, "inner"):
        return _of_list(_polars_change(dtype.inner))
    if hasattr(dtype, "fields"):
        return _of_struct({each.name: _polars_change(each.dtype) for each in dtype.fields})
    return None


def _of_list(inner: _Change | None) -> _Change | None:
    return None if inner is None else lambda values: None if values is None else [inner(each) for each in values]


def _of_struct(changes: Mapping[str, _Change | None]) -> _Change:
    """What leaves out of a struct what is missing in it."""

    def change(row: Any) -> Any:
        if row is None:
            return None
        known = {
            name: value if (change := changes[name]) is None else change(value)
            for name, value in row.items()
            if value is not None
        }
        return {name: value for name, value in known.items() if value is not None}

    return change


def _shape_change(shape: Shape) -> _Change | None:
    """What reads text as JSON where a shape has only objects or arrays; None if it has neither."""
    if shape.kind not in (Kind.LIST, Kind.STRUCT):
        return _parts if shape.has_parts else None
    item = None if shape.item is None else _shape_change(shape.item)
    found = {name: _shape_change(each) for name, each in shape.fields.items()}
    within = {name: change for name, change in found.items() if change is not None}

    def change(value: Any) -> Any:
        value = _parts(value)
        if item is not None and type(value) is list:
            return [item(each) for each in value]
        if within and type(value) is dict:
            return {name: within[name](each) if name in within else each for name, each in value.items()}
        return value

    return change


def _parts(value: Any) -> Any:
    """The object or array that a text is the JSON of; all else as it is."""
    if type(value) is not str or value.lstrip(" \t\r\n")[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:  # the gateway says what it wants instead
        return value


def _read(text: Any, where: str) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        what = f"{where} says of itself that it holds JSON, and {text!r:.80} is none"
        raise WrongArgumentError(f"{what}; mend it, or take its metadata away") from None


def _pandas(frame: Any) -> tuple[list[Any], Iterator[list[list[Any]]]]:
    def slices() -> Iterator[list[list[Any]]]:
        for start in range(0, len(frame), _ROWS):
            piece = frame.iloc[start : start + _ROWS]
            index = [_present(piece.index.get_level_values(level)) for level in levels]
            yield index + [_present(piece.iloc[:, i]) for i in range(piece.shape[1])]

    levels = [level for level, name in enumerate(frame.index.names) if name is not None]
    return [*(frame.index.names[level] for level in levels), *frame.columns], slices()


def _present(column: Any) -> list[Any]:
    """The values of a column of pandas, or of a level of an index; None where it says that one is missing."""
    values: list[Any] = column.tolist()
    missing = column.isna()
    if not missing.any():
        return values
    return [None if gone else value for value, gone in zip(values, missing.tolist(), strict=True)]


def _polars(frame: Any) -> tuple[list[Any], Iterator[list[list[Any]]]]:
    pieces = frame.iter_slices(_ROWS)
    return list(frame.columns), ([column.to_list() for column in piece.get_columns()] for piece in pieces)


def _arrow(table: Any) -> tuple[list[Any], Iterator[list[list[Any]]]]:
    batches = table.to_batches(max_chunksize=_ROWS)
    return list(table.schema.names), ([column.to_pylist() for column in batch.columns] for batch in batches)


def _arrow_batch(batch: Any) -> tuple[list[Any], Iterator[list[list[Any]]]]:
    pieces = (batch.slice(start, _ROWS) for start in range(0, batch.num_rows, _ROWS))
    return list(batch.schema.names), ([column.to_pylist() for column in piece.columns] for piece in pieces)


def _arrow_reader(reader: Any) -> tuple[list[Any], Iterator[list[list[Any]]]]:
    return list(reader.schema.names), (each for batch in reader for each in _arrow_batch(batch)[1])


_COLUMNS: Mapping[str, Callable[[Any], tuple[list[Any], Iterator[list[list[Any]]]]]] = {
    "pandas.DataFrame": _pandas,
    "polars.DataFrame": _polars,
    "pyarrow.Table": _arrow,
    "pyarrow.RecordBatch": _arrow_batch,
    "pyarrow.RecordBatchReader": _arrow_reader,
    "pyarrow.RecordBatchStreamReader": _arrow_reader,
}
"""Class → the names of the columns, and their values in pieces."""
