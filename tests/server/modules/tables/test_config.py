"""What is shown of a channel."""

import pytest
from pydantic import ValidationError

from csp_gateway.server.modules.tables.config import MOST_ROWS, TableConfig


def completed(config: TableConfig) -> TableConfig:
    return config.completed("t", {"t": 5, "other": 6}, 7, {"t": "a"}, "b", {"t": {"x"}})


def test_what_is_left_out_comes_from_the_tables_entry_then_the_default() -> None:
    assert completed(TableConfig()) == TableConfig(channel="t", limit=5, index="a", excluded_columns={"x"})
    assert TableConfig().completed("u", {"t": 5}, 7, {"t": "a"}, "b", {"t": {"x"}}) == TableConfig(
        channel="u", limit=7, index="b"
    )
    assert TableConfig().completed("u", {}, None, {}, None, {}) == TableConfig(channel="u", limit=MOST_ROWS)


def test_what_a_table_says_of_itself_wins() -> None:
    own = TableConfig(channel="c", limit=1, index=["p", "q"], excluded_columns={"y": {"z"}})
    assert completed(own) == own


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limt": 5}, "did you mean 'limit'"),
        ({"limit": 0}, "greater than 0"),
        ({"architecture": "server"}, "no option 'architecture'"),
    ],
)
def test_what_it_does_not_know_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TableConfig.model_validate(given)
