"""Errors of pydantic's, spelled for who wrote the query."""

from typing import Any

import pytest
from pydantic import ValidationError

from csp_gateway.wire import Query
from csp_gateway.wire.spelling import spelled

FILTER = '{"attr": "price", "by": {"value": 10, "where": ">"}}'


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


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"select": "a"}, """select: Input should be a list, such as ["symbol", "price"], not 'a'"""),
        ({"select": [5]}, 'select[0]: Input should be a text, such as "symbol", not 5'),
        ({"filters": "a > 1"}, f"filters: Input should be a list, such as [{FILTER}], not 'a > 1'"),
        ({"filters": ["a > 1"]}, f"filters[0]: Input should be an object, such as {FILTER}, not 'a > 1'"),
        ({"filters": [{"not": []}]}, f"filters[0].not: Input should be an object, such as {FILTER}, not []"),
        (
            {"filters": [{"attr": "a", "by": 5}]},
            'filters[0].by: Input should be an object, such as {"value": 10, "where": ">"}, not 5',
        ),
        ({"aggregates": 5}, 'aggregates: Input should be an object, such as {"n": {"count": "*"}}, not 5'),
        ({"aggregates": {"n": 5}}, "aggregates.n: Input should be an object, not 5"),
    ],
)
def test_a_part_of_another_shape_is_told_how_it_is_written(data: Any, said: str) -> None:
    assert spelling_of(data) == f"not a query: {said}"
