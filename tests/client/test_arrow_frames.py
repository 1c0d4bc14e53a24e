"""An answer as an Arrow table without structs."""

from csp_gateway.client.arrow_frames import arrow_of_columns, flat_arrow, read_arrow
from csp_gateway.client.columns import Column
from csp_gateway.client.shapes import Kind, Shape
from tests.client.answers import Fill, Leg, stream_of


def test_a_stream_is_read_and_made_flat() -> None:
    table = flat_arrow(read_arrow(stream_of([Fill(symbol="A", leg=Leg(name="x"))])), {})
    assert "_odd" not in table.column_names
    assert table["leg.name"].to_pylist() == ["x"]
    assert [str(table[name].type) for name in ("timestamp", "span")] == ["timestamp[us, tz=UTC]", "double"]


def test_values_of_several_types_are_json_text() -> None:
    table = arrow_of_columns({"a": Column(None, [1, "x", None]), "b": Column(Shape(Kind.INTEGER), [1, None, 2])})
    assert table.to_pydict() == {"a": ["1", '"x"', None], "b": [1, None, 2]}
