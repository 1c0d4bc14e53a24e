"""ResponseWrapper: an answer of a gateway, and all that can be made of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from csp_gateway._lazy import later

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from csp_gateway.client import (
        arrow_frames,
        arrow_values,
        columns,
        pandas_frames,
        polars_frames,
        shapes,
        trusted_types,
    )
else:  # most answers are read as the JSON they are
    arrow_frames = later("csp_gateway.client.arrow_frames")
    arrow_values = later("csp_gateway.client.arrow_values")
    columns = later("csp_gateway.client.columns")
    pandas_frames = later("csp_gateway.client.pandas_frames")
    polars_frames = later("csp_gateway.client.polars_frames")
    shapes = later("csp_gateway.client.shapes")
    trusted_types = later("csp_gateway.client.trusted_types")

__all__ = ["ResponseWrapper"]


class ResponseWrapper:
    """An answer, as JSON, structs, or a frame of pandas, polars or Arrow.

    It does not matter to a frame whether the answer has travelled as JSON or as Arrow, which is much quicker: the
    columns are the same, by the schema. A nested struct is columns such as ``leg.price``, and

    | schema | pandas | polars |
    |---|---|---|
    | string | ``string`` | ``String`` |
    | integer | ``int64``; ``Int64`` with missing ones, if null may stand there, or if no schema tells | ``Int64`` |
    | number, spans of time in seconds too | ``float64`` | ``Float64`` |
    | boolean | ``bool``; ``boolean`` as with integers | ``Boolean`` |
    | string of a date and time | ``datetime64[us, UTC]`` | ``Datetime("us", "UTC")`` |
    | string of a day | ``datetime64[us]``, at midnight | ``Date`` |
    | string of a time of day | ``string``: pandas has no type for it | ``Time`` |
    | enum | ``string``: names, if the schema tells them | ``String`` |
    | array | ``object``: lists of JSON | ``List`` |
    | else, such as a dict or one of several types | ``object`` | ``Object``; ``Struct``, ``List`` if all are alike |

    A column with a value that is not of its type is of objects, for nothing is changed or lost. What differs: NaN and
    infinity are null in JSON; in Arrow null and unset are one, and so are a struct of nothing and none. In JSON's
    frames enums have names only if the schema tells them, as ``x-enum-varnames``. Whole numbers of SQL's that have more
    than 64 bits, such as sums, are a ``decimal128(38, 0)`` in Arrow, a ``Decimal`` in polars and objects in pandas.

    Args:
        json_data: what the gateway has answered.
        openapi_schema: the answer's, references resolved; of an array its items' is kept.
        type_name: of the struct class, ``package.module.Class``.
        trusted_types: what may be imported to make structs; see ``GatewayClientConfig``.
        whole: whether columns that the schema has are there even if no record has them; not for what a query made.
    """

    def __init__(
        self,
        json_data: Any,
        openapi_schema: Mapping[str, Any] | None = None,
        type_name: str | None = None,
        *,
        trusted_types: Iterable[str] = (),
        whole: bool = True,
    ) -> None:
        if openapi_schema is not None and openapi_schema.get("type") == "array":
            openapi_schema = openapi_schema.get("items")
        self.openapi_schema = openapi_schema
        self.type_name = type_name
        self._trusted = tuple(trusted_types)
        self._whole = whole
        self._json = json_data
        self._body: bytes | None = None
        self._table: Any = None

    def with_json(self, json_data: Any) -> Self:
        """The same of other data."""
        return type(self)(
            json_data, self.openapi_schema, self.type_name, trusted_types=self._trusted, whole=self._whole
        )

    @classmethod
    def of_arrow(
        cls,
        body: bytes,
        openapi_schema: Mapping[str, Any] | None = None,
        type_name: str | None = None,
        *,
        trusted_types: Iterable[str] = (),
    ) -> Self:
        """An answer that has travelled as an Arrow stream.

        Frames are read straight from it, by polars alone or by pyarrow; JSON is made when somebody asks for it.
        """
        made = cls(None, openapi_schema, type_name, trusted_types=trusted_types)
        made._body = body
        return made

    def __repr__(self) -> str:
        told = f"{len(self._body):,} bytes of Arrow" if self._body is not None else f"{self._json!r:.60}"
        return f"ResponseWrapper({told}, type_name={self.type_name!r})"

    @property
    def json_data(self) -> Any:
        """What JSON says."""
        if self._json is None and self._body is not None:
            table = self._read()
            by_arrow = hasattr(table, "column_names")
            read = {
                name: table[name].to_pylist() if by_arrow else table[name].to_list()
                for name in (table.column_names if by_arrow else table.columns)
            }
            self._json = arrow_values.json_rows(read, self._shape)
        return self._json

    def as_json(self) -> Any:
        """What JSON says, as lists and dicts."""
        return self.json_data

    def is_empty(self) -> bool:
        """Whether there is nothing in it: no record, no name."""
        if self._body is not None:
            return len(self._read()) == 0
        return self._json is None or (isinstance(self._json, list | dict | str) and not self._json)

    def as_struct(self) -> Any:
        """The structs, validated: a list of them, or one if the answer is one object; ``[]`` if it is empty.

        Raises:
            ValueError: nobody has said of which class they are.
            UntrustedTypeError: a ``ValueError``: the class may not be imported.
            pydantic.ValidationError: a ``ValueError``: the gateway's class is another than this program's.
        """
        if self.is_empty():
            return []
        if self.type_name is None:
            raise ValueError("This answer cannot become structs, as there is no type_name available: ask for JSON")
        return trusted_types.instances_of(trusted_types.trusted_type(self.type_name, self._trusted), self.json_data)

    def as_pandas_df(self) -> pandas.DataFrame:
        """A pandas frame; see above for its columns.

        Raises:
            ImportError: pandas is not installed; or pyarrow, for an answer in Arrow.
        """
        if self._is_plain_arrow("pyarrow"):
            return pandas_frames.pandas_of_arrow(
                arrow_frames.flat_arrow(self._read("pyarrow"), self._fields), self._fields
            )
        plain = self._shape is None and self._body is None
        return pandas_frames.pandas_of_columns(*self._columns("as_pandas_df"), plain=plain)

    def as_polars_df(self) -> polars.DataFrame:
        """A polars frame; see above for its columns.

        Raises:
            ImportError: polars is not installed.
            ValueError: polars is older than 1.0.
        """
        frame: polars.DataFrame
        if self._is_plain_arrow("polars"):
            frame = polars_frames.flat_polars(self._read("polars"), self._fields)
        else:
            frame = polars_frames.polars_of_columns(self._columns("as_polars_df")[0])
        return frame

    def as_arrow(self) -> pyarrow.Table:
        """A pyarrow table, with the columns and types that polars' frame has; what is ``Object`` there is JSON text.

        Its fields say of themselves whether they are, in their metadata, so that the table can be sent back.

        Raises:
            ImportError: pyarrow is not installed.
        """
        if self._is_plain_arrow("pyarrow"):
            return arrow_frames.flat_arrow(self._read("pyarrow"), self._fields)
        return arrow_frames.arrow_of_columns(self._columns("as_arrow")[0])

    @cached_property
    def _shape(self) -> shapes.Shape | None:
        return shapes.shape_of(self.openapi_schema) if self.openapi_schema else None

    @property
    def _fields(self) -> Mapping[str, shapes.Shape]:
        return {} if self._shape is None else self._shape.fields

    def _read(self, reader: str | None = None) -> Any:
        """The stream as a table of pyarrow's or a frame of polars': whichever is there, if none is asked for."""
        if reader is None:
            reader = "polars" if find_spec("pyarrow") is None and find_spec("polars") is not None else "pyarrow"
        if type(self._table).__module__.partition(".")[0] != reader:
            body = self._body or b""
            self._table = polars_frames.read_polars(body) if reader == "polars" else arrow_frames.read_arrow(body)
        return self._table

    def _is_plain_arrow(self, reader: str) -> bool:
        """Whether all of it is in columns, and nothing in the one of what none could hold."""
        if self._body is None:
            return False
        table = self._read(reader)
        if arrow_values.ODD not in (table.columns if reader == "polars" else table.column_names):
            return True
        column = table[arrow_values.ODD]
        missing: int = column.null_count() if reader == "polars" else column.null_count
        return len(column) == missing

    def _columns(self, who: str) -> tuple[dict[str, columns.Column], int]:
        if self._body is not None:
            return self._columns_with_odd()
        if self._shape is None:
            warnings.warn(f"{who}: no schema tells the types of columns; they follow from the data", stacklevel=3)
        data = self._json
        rows = data if isinstance(data, list) else [] if self.is_empty() else [data]
        return columns.columns_of(rows, self._shape, whole=self._whole), len(rows)

    def _columns_with_odd(self) -> tuple[dict[str, columns.Column], int]:
        """The stream's columns by way of JSON, where what no column of Arrow's could hold is in its place."""
        table, rows = self._read(), self.json_data
        by_arrow = hasattr(table, "column_names")
        flat = (
            arrow_frames.flat_arrow(table, {}).column_names
            if by_arrow
            else polars_frames.flat_polars(table, {}).columns
        )
        found = columns.columns_of(rows, self._shape, whole=False)
        empty = {name: columns.Column(shapes.shape_at(self._fields, name), [None] * len(rows)) for name in flat}
        return {**empty, **found}, len(rows)
