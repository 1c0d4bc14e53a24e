"""An answer as an Arrow table without structs."""

import pyarrow as pa

from csp_gateway.client.arrow_frames import arrow_of_columns, flat_arrow, read_arrow
from csp_gateway.client.columns import Column
from csp_gateway.client.frame_rows import IS_JSON, rows_of
from csp_gateway.client.shapes import ANYTHING, Kind, Shape
from tests.client.answers import Fill, Leg, stream_of


def test_a_stream_is_read_and_made_flat() -> None:
    table = flat_arrow(read_arrow(stream_of([Fill(symbol="A", leg=Leg(name="x"))])), {})
    assert "_odd" not in table.column_names
    assert table["leg.name"].to_pylist() == ["x"]
    assert [str(table[name].type) for name in ("timestamp", "span")] == ["timestamp[us, tz=UTC]", "double"]


def test_values_of_several_types_are_json_text() -> None:
    table = arrow_of_columns({"a": Column(None, [1, "x", None]), "b": Column(Shape(Kind.INTEGER), [1, None, 2])})
    assert table.to_pydict() == {"a": ["1", '"x"', None], "b": [1, None, 2]}
    assert [field.metadata for field in table.schema] == [IS_JSON, None]


def test_json_text_says_of_itself_that_it_is_wherever_it_is() -> None:
    shape = Shape(Kind.LIST, item=Shape(Kind.STRUCT, fields={"a": ANYTHING}))
    table = arrow_of_columns({"l": Column(shape, [[{"a": {"b": 1}}]])})
    plain = pa.table({"l": [[{"a": '{"b":1}'}]]})
    for each in (table, flat_arrow(plain, {"l": shape})):
        assert each.schema.field("l").type.value_type.field("a").metadata == IS_JSON
        assert list(rows_of(each, "x")) == [{"l": [{"a": {"b": 1}}]}]
