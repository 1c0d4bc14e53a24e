"""How long a value a function makes."""

from typing import Any

import pytest

from csp_gateway.errors import SqlError
from csp_gateway.server.state.sql_lengths import GATHERED, MOST_GROWTH, bound_growth, function_growth, text_of

COLUMN = {"class": "COLUMN_REF", "column_names": ["x"]}


def constant(text: str) -> Any:
    return {"class": "CONSTANT", "value": {"text": text}}


@pytest.mark.parametrize(
    ("name", "given", "growth"),
    [
        ("||", [1, 2, 3], 6),
        ("coalesce", [1, 5, 3], 5),
        ("list_contains", [MOST_GROWTH, MOST_GROWTH], 1),
        ("to_json", [2], 8),
        ("list", [2], 2 * GATHERED),
        ("now", [], 1),
    ],
)
def test_each_kind_grows_as_it_does(name: str, given: list[int], growth: int) -> None:
    assert function_growth(name, [COLUMN] * len(given), given) == growth


def test_a_replacement_counts_by_its_length() -> None:
    assert function_growth("replace", [COLUMN, COLUMN, constant("abc")], [2, 1, 1]) == 6


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("||", [COLUMN, COLUMN]),
        ("lpad", [COLUMN, constant("1001")]),
        ("replace", [COLUMN, COLUMN, COLUMN]),
        ("jaro_similarity", [COLUMN, COLUMN]),
        ("list_intersect", [COLUMN, COLUMN]),
    ],
)
def test_what_may_be_too_long_is_refused(name: str, arguments: list[Any]) -> None:
    with pytest.raises(SqlError):
        function_growth(name, arguments, [MOST_GROWTH] * len(arguments))


def test_the_bound_itself_is_allowed() -> None:
    bound_growth(MOST_GROWTH)
    with pytest.raises(SqlError, match="1,000 times as long"):
        bound_growth(MOST_GROWTH + 1)


def test_only_a_constant_has_a_text() -> None:
    assert (text_of(COLUMN), text_of(constant("a"))) == (None, "a")
