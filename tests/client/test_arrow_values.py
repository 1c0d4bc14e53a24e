"""Records that have travelled as Arrow, as JSON."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from csp_gateway.client.arrow_values import json_rows, json_value
from csp_gateway.client.shapes import ANYTHING, Kind, Shape


def test_null_is_left_out_and_what_was_odd_is_in_its_place() -> None:
    columns = {"a": [1, None], "x": [float("nan"), None], "_odd": [None, '{"leg.size":5}']}
    assert json_rows(columns, None) == [{"a": 1, "x": None}, {"leg": {"size": 5}}]


def test_values_have_json_s_forms() -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    assert json_value([moment, timedelta(seconds=1.5), b"a", Decimal(2)]) == ["2024-01-01T00:00:00", 1.5, "a", 2]
    assert json_value('{"a":1}', ANYTHING) == {"a": 1}
    assert json_value("LOW", Shape(Kind.TEXT, names={1: "LOW"})) == 1
