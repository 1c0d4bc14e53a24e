"""What a schema says of values."""

from typing import Any

import pytest

from csp_gateway.client.shapes import Kind, shape_at, shape_of

RECORD = {"type": "object", "properties": {"a": {"type": "integer"}, "leg": {"properties": {"px": {"type": "number"}}}}}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, Kind.TEXT),
        ({"type": "string", "format": "date-time-local"}, Kind.MOMENT),
        ({"type": "string", "format": "date"}, Kind.DAY),
        ({"type": "string", "format": "time-local"}, Kind.CLOCK),
        ({"type": ["number", "null"]}, Kind.NUMBER),
        ({"type": ["number", "string"]}, Kind.ANYTHING),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Kind.INTEGER),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, Kind.ANYTHING),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, Kind.ANYTHING),
        ({"type": "array", "items": {"type": "array", "items": {}}}, Kind.ANYTHING),
        ({"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}}, Kind.LIST),
        ({"type": "integer", "enum": [1], "x-enum-varnames": ["LOW"]}, Kind.TEXT),
        ({"enum": ["a", 3]}, Kind.ANYTHING),
        ({}, Kind.ANYTHING),
    ],
    ids=repr,
)
def test_a_schema_is_a_shape(schema: dict[str, Any], kind: Kind) -> None:
    assert shape_of(schema).kind is kind


def test_a_record_or_any_object_is_the_record() -> None:
    shape = shape_of({"type": "array", "items": {"anyOf": [RECORD, {"type": "object"}]}})
    assert shape == shape_of(RECORD)
    found = shape_at(shape.fields, "leg.px")
    assert found is not None
    assert found.kind is Kind.NUMBER
    assert shape_at(shape.fields, "leg.none") is None
