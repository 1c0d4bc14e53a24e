"""What is wrong with a request, said for whoever sent it."""

from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from csp_gateway.server.web.faults import plainly


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


def faults(kind: Any, given: Any, content_type: str = "application/json") -> list[dict[str, Any]]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)
    found = [{**each, "loc": ("query", "x", *each["loc"])} for each in refused.value.errors()]
    return plainly(found, content_type)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Literal["conflate", "disconnect"], "conflat", "'conflate' or 'disconnect', not 'conflat'; did you mean 'con"),
        (Literal["a", "b", "c"], "zzz", "'a', 'b' or 'c', not 'zzz'"),
        (Literal["it's", 'say "a"'], "its", '"it\'s" or '),
        (Side, "by", "'buy' or 'sell', not 'by'; did you mean 'buy'?"),
        (Side, 3, "'buy' or 'sell', not 3"),
    ],
)
def test_a_choice_names_what_may_be_given_and_the_nearest(kind: Any, given: Any, said: str) -> None:
    (fault,) = faults(kind, given)
    assert fault["msg"].startswith(f"Input should be {said}")
    assert {"type", "loc", "msg", "input"} <= set(fault)


def test_what_cannot_be_said_in_a_url_is_not_asked_for() -> None:
    both = [
        {"type": "literal_error", "loc": ("query", "x", "literal['a']"), "msg": "", "input": "b", "ctx": {}},
        {"type": "none_required", "loc": ("query", "x", "none"), "msg": "Input should be None", "input": "b"},
    ]
    (fault,) = plainly(both, "")
    assert (fault["type"], fault["loc"]) == ("literal_error", ("query", "x"))
    assert plainly(both[1:], "") == both[1:]
    branches = [both[0], {**both[0], "type": "int_type", "loc": ("query", "x", "int")}, both[1]]
    assert [fault["loc"][-1] for fault in plainly(branches, "")] == ["literal['a']", "int"]


def test_all_else_is_as_pydantic_says_it() -> None:
    assert faults(int, "x")[0]["msg"].startswith("Input should be a valid integer")


def test_a_body_that_is_not_said_to_be_json_has_not_been_read() -> None:
    (fault,) = plainly([{"type": "dict_type", "loc": ("body",), "msg": "", "input": b"{}"}], "text/plain")
    assert (fault["type"], "'text/plain'" in fault["msg"]) == ("json_type", True)
    (fault,) = plainly([{"type": "dict_type", "loc": ("body",), "msg": "m", "input": b"{}"}], "application/json")
    assert (fault["type"], fault["msg"]) == ("dict_type", "Input should be a JSON object")
