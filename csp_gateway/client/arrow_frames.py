"""An answer as an Arrow table without structs, from columns of JSON or from the stream a gateway sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csp_gateway.client.arrow_values import ODD, json_value
from csp_gateway.client.columns import Column, native
from csp_gateway.client.extras import needed
from csp_gateway.client.frame_rows import IS_JSON
from csp_gateway.client.shapes import ANYTHING, Kind, Shape, shape_at

__all__ = ["arrow_of_columns", "flat_arrow", "read_arrow"]

_WHO = "as_arrow"


def read_arrow(body: bytes) -> Any:
    """The table of an Arrow stream, as it was sent: nothing is copied."""
    pyarrow = needed("pyarrow", _WHO)
    return pyarrow.ipc.open_stream(body).read_all()


def flat_arrow(table: Any, fields: Mapping[str, Shape]) -> Any:
    """A gateway's table in the columns that JSON has: those of a struct are ``parent.child``, times are in UTC.

    Args:
        fields: what the schema says of columns, by name.
    """
    pyarrow = needed("pyarrow", _WHO)
    types = pyarrow.types
    if ODD in table.column_names:
        table = table.drop_columns([ODD])
    while any(map(types.is_struct, table.schema.types)):
        table = table.flatten()
    shapes = [shape_at(fields, name) for name in table.column_names]
    columns = [_plain(pyarrow, column, shape) for column, shape in zip(table.columns, shapes, strict=True)]
    return _table(pyarrow, table.column_names, columns, shapes)


def arrow_of_columns(columns: Mapping[str, Column]) -> Any:
    """A table of columns of JSON."""
    pyarrow = needed("pyarrow", _WHO)
    made = [_array(pyarrow, column) for column in columns.values()]
    return _table(pyarrow, list(columns), [array for array, _ in made], [shape for _, shape in made])


def _table(pyarrow: Any, names: list[str], columns: list[Any], shapes: list[Shape | None]) -> Any:
    told = zip(names, columns, shapes, strict=True)
    schema = pyarrow.schema([_field(pyarrow, name, column.type, shape) for name, column, shape in told])
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _field(pyarrow: Any, name: str, kind: Any, shape: Shape | None) -> Any:
    """A field that says of itself if it is JSON text."""
    is_json = shape is not None and shape.kind is Kind.ANYTHING and kind == pyarrow.string()
    return pyarrow.field(name, kind, metadata=IS_JSON if is_json else None)


def _plain(pyarrow: Any, column: Any, shape: Shape | None) -> Any:
    """A column in one of the types that JSON's columns have; of other types, as it is."""
    kind, types = column.type, pyarrow.types
    if types.is_dictionary(kind):
        return _plain(pyarrow, column.cast(kind.value_type), shape)
    if types.is_duration(kind):
        micros = column.cast(pyarrow.duration("us")).cast(pyarrow.int64()).cast(pyarrow.float64())
        return needed("pyarrow.compute", _WHO).divide(micros, 1_000_000.0)
    if types.is_timestamp(kind):
        return column.cast(pyarrow.timestamp("us", "UTC"), safe=False)
    if types.is_integer(kind) and kind != pyarrow.uint64():
        return column.cast(pyarrow.int64())
    if types.is_decimal(kind) and not kind.scale:
        return _whole(pyarrow, column)
    if types.is_floating(kind) or types.is_decimal(kind):
        return column.cast(pyarrow.float64())
    if types.is_large_string(kind) or types.is_string_view(kind):
        return column.cast(pyarrow.string())
    if types.is_list(kind) and shape is not None and not kind.equals(_type(pyarrow, shape), check_metadata=True):
        return _relisted(pyarrow, column, shape)
    return column


def _whole(pyarrow: Any, column: Any) -> Any:
    """Whole numbers, such as DuckDB's sums of them: of 64 bits if all are, else exact."""
    try:
        return column.cast(pyarrow.int64())
    except pyarrow.ArrowInvalid:  # one has more
        return column.cast(pyarrow.decimal128(38, 0)) if pyarrow.types.is_decimal128(column.type) else column


def _relisted(pyarrow: Any, column: Any, shape: Shape) -> Any:
    """Lists with what is in them as in JSON's columns."""
    try:
        return column.cast(_type(pyarrow, shape))
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):  # such as spans of time in them
        pass
    try:
        values = [json_value(each, shape) for each in column.to_pylist()]
        return pyarrow.chunked_array([_exact_array(pyarrow, Column(shape, values))])
    except (ValueError, pyarrow.ArrowException):  # the schema says another thing than the stream, which is right
        return column


def _array(pyarrow: Any, column: Column) -> tuple[Any, Shape | None]:
    """The values, and the shape in which they are."""
    try:
        return _exact_array(pyarrow, column), column.shape
    except (ValueError, TypeError, OverflowError, pyarrow.ArrowException):  # values of several types
        return _exact_array(pyarrow, Column(ANYTHING, column.values)), ANYTHING


def _exact_array(pyarrow: Any, column: Column) -> Any:
    if column.shape is None:
        return pyarrow.array(column.values)
    return pyarrow.array(list(map(native(column.shape), column.values)), _type(pyarrow, column.shape))


def _type(pyarrow: Any, shape: Shape) -> Any:
    """The type of a column of values of a shape."""
    if shape.item is not None:
        return pyarrow.list_(_field(pyarrow, "item", _type(pyarrow, shape.item), shape.item))
    match shape.kind:
        case Kind.STRUCT:
            inner = shape.fields.items()
            return pyarrow.struct([_field(pyarrow, name, _type(pyarrow, each), each) for name, each in inner])
        case Kind.INTEGER:
            return pyarrow.int64()
        case Kind.NUMBER:
            return pyarrow.float64()
        case Kind.BOOLEAN:
            return pyarrow.bool_()
        case Kind.MOMENT:
            return pyarrow.timestamp("us", "UTC")
        case Kind.DAY:
            return pyarrow.date32()
        case Kind.CLOCK:
            return pyarrow.time64("us")
    return pyarrow.string()
