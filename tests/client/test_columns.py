"""Records of JSON as columns."""

from csp_gateway.client.columns import VALUE, Column, columns_of
from csp_gateway.client.shapes import ANYTHING, Kind, Shape

INTEGER = Shape(Kind.INTEGER)
RECORD = Shape(Kind.STRUCT, fields={"a": INTEGER, "leg": Shape(Kind.STRUCT, fields={"b": INTEGER})})


def test_nested_fields_are_columns_and_missing_ones_are_there_if_it_is_whole() -> None:
    assert columns_of([{"leg": {"b": 1}}, {"leg": None}], RECORD, whole=True) == {
        "a": Column(INTEGER, [None, None]),
        "leg.b": Column(INTEGER, [1, None]),
    }
    assert columns_of([{"leg": {"b": 1}}], RECORD, whole=False) == {"leg.b": Column(INTEGER, [1])}


def test_what_does_not_fit_is_anything() -> None:
    assert columns_of([{"a": "x"}, {"a": 2**70}], RECORD, whole=False) == {"a": Column(ANYTHING, ["x", 2**70])}
    assert columns_of([{"leg": 1}], RECORD, whole=False) == {"leg": Column(ANYTHING, [1])}


def test_of_unknown_objects_the_fields_are_columns_and_of_others_one() -> None:
    assert columns_of([{"x": {"y": 1}}], None, whole=True) == {"x.y": Column(None, [1])}
    assert columns_of([1, "a"], None, whole=True) == {VALUE: Column(None, [1, "a"])}
