"""Columns made of values that nobody has checked."""

import enum
from datetime import date

import csp

from csp_gateway.server.structs.arrow_types import column_of


class Side(csp.Enum):
    BUY = 0


class Other(enum.Enum):
    BUY = 0


def test_an_enum_member_stands_by_its_name_and_only_one_of_its_own() -> None:
    array, odd = column_of(Side).read([Side.BUY, None, Other.BUY, "BUY"])
    assert array.to_pylist() == ["BUY", None, None, None]
    assert odd == {2: {"": Other.BUY}, 3: {"": "BUY"}}


def test_a_trusted_value_that_is_none_after_all_is_null() -> None:
    array, odd = column_of(date).read([date(2024, 1, 1), None], trusted=True)
    assert array.to_pylist() == [date(2024, 1, 1), None]
    assert not odd


def test_one_odd_value_does_not_spoil_the_others() -> None:
    array, odd = column_of(int).read([1, True, 2**64, None, 2])
    assert array.to_pylist() == [1, None, None, None, 2]
    assert odd == {1: {"": True}, 2: {"": 2**64}}


def test_text_is_json_whatever_is_there() -> None:
    array, odd = column_of(dict[str, int]).read([{"a": 1}, {"a": "b"}, {"a": 2**70}, b"\xff", None])
    assert array.to_pylist() == ['{"a":1}', '{"a":"b"}', f'{{"a":{2**70}}}', "\"b'\\\\xff'\"", None]
    assert not odd
