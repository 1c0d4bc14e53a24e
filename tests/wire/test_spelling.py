"""Errors of pydantic's, spelled for who wrote the query."""

from typing import Any

import pytest
from pydantic import ValidationError

from csp_gateway.wire import Query
from csp_gateway.wire.spelling import spelled


def spelling_of(data: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Query.model_validate(data)
    return spelled(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"limit": 0}, "not a query: limit: Input should be greater than or equal to 1"),
        ({"filter": 1}, "not a query: 'filter' does not belong here; did you mean 'filters'?"),
        (
            {"filters": [{"or": [{"attr": "a", "by": {"value": 1}}, {"not": {"attr": "a", "by": {"in": [1, None]}}}]}]},
            "not a query: filters[0].or[1].not.by.in[1]: "
            "null equals nothing and is in no order: ask for it by `is_null`",
        ),
        ({"aggregates": {"n": {"sum": "a b"}}}, "not a query: aggregates.n.sum: an attribute is a name, or names"),
    ],
)
def test_an_error_names_its_place(data: Any, said: str) -> None:
    assert spelling_of(data).startswith(said)


def test_of_many_errors_the_first_few_are_told() -> None:
    said = spelling_of({"filters": [{"attr": "a"}] * 5})
    assert said == (
        "not a query: filters[0].by: Field required; filters[1].by: Field required; filters[2].by: Field required; "
        "and 2 more"
    )
