"""Aggregates: one function each, and what it needs."""

from typing import Any

import pytest
from pydantic import ValidationError

from csp_gateway.wire import Aggregate


@pytest.mark.parametrize(
    ("aggregate", "given"),
    [
        ({"count": "*"}, ("count", "*")),
        ({"count": "leg.price"}, ("count", "leg.price")),
        ({"sum": "a"}, ("sum", "a")),
        ({"avg": "a"}, ("avg", "a")),
        ({"min": "a"}, ("min", "a")),
        ({"max": "a"}, ("max", "a")),
        ({"last": "a"}, ("last", "a")),
        ({"last": "a", "by": "b"}, ("last", "a")),
        ({"quantile": "a", "at": 0.5}, ("quantile", "a")),
        ({"quantile": "a", "at": [0.0, 0.5, 1.0]}, ("quantile", "a")),
    ],
)
def test_each_function_and_its_json(aggregate: dict[str, Any], given: tuple[str, str]) -> None:
    read = Aggregate.model_validate(aggregate)
    assert read.given == given
    assert read.model_dump() == aggregate
    assert Aggregate.model_validate_json(read.model_dump_json()) == read


def test_a_whole_number_is_a_point_too() -> None:
    assert Aggregate(quantile="a", at=1).at == 1.0
    assert Aggregate.model_validate({"quantile": "a", "at": (0, 1)}).at == [0.0, 1.0]


@pytest.mark.parametrize(
    ("aggregate", "message"),
    [
        ({}, "no function: name one of count, sum, avg, min, max, last, quantile"),
        ({"by": "a"}, "no function"),
        ({"count": "*", "sum": "a"}, "`count` and `sum` exclude each other"),
        ({"sum": "*"}, r"an attribute is a name, or names joined by dots, not '\*'"),
        ({"count": "**"}, "an attribute is a name"),
        ({"sum": "a", "by": "b"}, "`by` stands beside `last`, not beside `sum`"),
        ({"avg": "a", "at": 0.5}, "`at` stands beside `quantile`, not beside `avg`"),
        ({"quantile": "a"}, "`quantile` needs `at`"),
        ({"quantile": "a", "at": []}, "at least one point"),
        ({"quantile": "a", "at": 1.5}, "1.5 is not from 0 to 1"),
        ({"quantile": "a", "at": [0.5, -0.1]}, "-0.1 is not from 0 to 1"),
        ({"quantile": "a", "at": float("nan")}, "nan is not from 0 to 1"),
        ({"quantile": "a", "at": float("inf")}, "inf is not from 0 to 1"),
        ({"quantile": "a", "at": 10**400}, r"is not from 0 to 1"),
        ({"quantile": "a", "at": True}, "a point is a number from 0 to 1"),
        ({"quantile": "a", "at": "0.5"}, "a point is a number from 0 to 1"),
        ({"median": "a"}, "'median' does not belong here"),
    ],
)
def test_what_makes_no_sense_is_refused(aggregate: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Aggregate.model_validate(aggregate)
