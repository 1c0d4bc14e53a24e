"""Filters, and what joins them."""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from csp_gateway.errors import QueryError
from csp_gateway.wire import And, Filter, FilterCondition, Not, Or, Query


@dataclass
class Row:
    size: int | None = None
    name: str | None = None


SMALL = Filter(attr="size", by=FilterCondition(value=5, where="<"))
NAMED = Filter(attr="name", by=FilterCondition(is_null=False))
ODD = Filter(attr="size", by=FilterCondition(in_=[1, 3, 5, 7, 9]))
ROWS = [Row(size, name) for size in (None, 1, 4, 7, 8) for name in (None, "a")]


def test_operators_join_filters() -> None:
    assert And(and_=[SMALL, NAMED]) == And(**{"and": [SMALL, NAMED]}) == (SMALL & NAMED)
    assert Or(or_=[SMALL, NAMED]) == Or(**{"or": [SMALL, NAMED]}) == (SMALL | NAMED)
    assert Not(not_=SMALL) == Not(**{"not": SMALL}) == ~SMALL


def test_like_joins_like_in_one_and_two_nots_are_none() -> None:
    assert SMALL & NAMED & ODD == SMALL & (NAMED & ODD) == And(and_=[SMALL, NAMED, ODD])
    assert Or(or_=[SMALL, NAMED, ODD]) == SMALL | NAMED | ODD
    assert ~~SMALL == SMALL
    assert Or(or_=[And(and_=[SMALL, NAMED]), ODD]) == SMALL & NAMED | ODD


def test_a_joined_filter_is_true_as_its_parts_are() -> None:
    for row in ROWS:
        small, named, odd = (each.calculate(row) for each in (SMALL, NAMED, ODD))
        assert (SMALL & NAMED).calculate(row) is (small and named)
        assert (SMALL | NAMED).calculate(row) is (small or named)
        assert (~SMALL).calculate(row) is not small
        assert (~(SMALL | ~NAMED) & ~ODD).calculate(row) is (not (small or not named) and not odd)


def test_not_takes_all_that_the_filter_leaves() -> None:
    """Those too of which nothing is known: a third truth value would lose them to both."""
    assert [row.size for row in Query(filters=[~SMALL]).calculate(ROWS)] == [None, None, 7, 7, 8, 8]


def test_what_is_joined_is_read_from_json_and_written_so() -> None:
    filters = [
        {
            "and": [
                {"attr": "size", "by": {"value": 5, "where": "<"}},
                {"or": [{"not": {"attr": "name", "by": {"is_null": False}}}]},
            ]
        }
    ]
    query = Query.of({"filters": filters})
    assert query.filters == [SMALL & Or(or_=[~NAMED])]
    assert query.model_dump(mode="json") == {"filters": filters}
    assert Query.of({"filters": [{"and": [SMALL, {"not": ODD}]}]}).filters == [SMALL & ~ODD]


@pytest.mark.parametrize(
    ("filter", "message"),
    [
        ({"and": []}, r"filters\[0\]\.and: it joins no filters: give at least one"),
        ({"or": []}, r"filters\[0\]\.or: it joins no filters"),
        ({"and": None}, r"filters\[0\]\.and: Input should be a list"),
        ({"or": {"attr": "a", "by": {"value": 1}}}, r"filters\[0\]\.or: Input should be a list"),
        ({"not": []}, r"filters\[0\]\.not: Input should be an object"),
        ({"not": {}}, r"filters\[0\]\.not\.attr: Field required; filters\[0\]\.not\.by: Field required"),
        ({"and": [{"or": [{"attr": "a", "by": {"like": 5}}]}]}, r"filters\[0\]\.and\[0\]\.or\[0\]\.by\.like: Input"),
        ({"and": [1], "or": [1]}, r"filters\[0\]: 'or' belongs in a filter of its own"),
        ({"attr": "a", "not": {}}, r"filters\[0\]: 'attr' belongs in a filter of its own"),
        ({"attr": "a", "value": 1}, r"filters\[0\]: 'value' belongs inside of `by`"),
        ({"adn": []}, r"filters\[0\]: 'adn' does not belong here; did you mean 'and'\?"),
        ({}, r"filters\[0\]\.attr: Field required"),
        (5, r"filters\[0\]: Input should be an object"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_place(filter: Any, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Query.of({"filters": [filter]})


def test_an_error_of_a_part_names_its_place() -> None:
    wrong = Filter(attr="sise", by=FilterCondition(value=1))
    with pytest.raises(QueryError, match=r"^and\[1\]\.not\.or\[0\]\.attr: Row has no attribute 'sise'"):
        (SMALL & Not(not_=Or(or_=[wrong]))).calculate(Row(1))
    with pytest.raises(QueryError, match=r"^filters\[1\]\.or\[1\]\.attr: Row has no attribute 'sise'"):
        Query(filters=[SMALL, ODD & SMALL | wrong]).calculate([Row(4)])


def test_what_decides_ends_it() -> None:
    wrong = Filter(attr="sise", by=FilterCondition(value=1))
    assert (SMALL | wrong).calculate(Row(1))
    assert not (SMALL & wrong).calculate(Row(9))


def test_only_filters_join() -> None:
    with pytest.raises(QueryError, match="not a query: and\\[1\\]: Input should be an object"):
        SMALL & 5  # type: ignore[operator]
    with pytest.raises(ValidationError, match="at least one"):
        And(and_=[])


def test_a_schema_says_once_what_a_filter_is() -> None:
    schema = Query.model_json_schema()
    of_any = {"$ref": "#/$defs/AnyFilter"}
    assert schema["properties"]["filters"]["items"] == of_any
    assert schema["$defs"]["And"]["properties"]["and"]["items"] == of_any
    assert schema["$defs"]["Not"]["properties"]["not"] == of_any
    assert str(schema).count("'oneOf'") == 1
