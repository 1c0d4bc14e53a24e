"""Who answers, chosen for the process."""

from collections.abc import Iterator

import pytest

from csp_gateway.server.state.choice import (
    CHOICE,
    disable_duckdb_state,
    enable_duckdb_state,
    modify_buffer_threshold,
    restore_buffer_threshold,
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    enable_duckdb_state()
    restore_buffer_threshold()


def test_duckdb_can_be_left_out_and_taken_in_again() -> None:
    assert CHOICE.duckdb
    disable_duckdb_state()
    assert not CHOICE.duckdb
    enable_duckdb_state()
    assert CHOICE.duckdb


def test_how_many_changes_may_wait() -> None:
    assert CHOICE.aside == 1_000
    modify_buffer_threshold(0)
    assert CHOICE.aside == 0
    restore_buffer_threshold()
    assert CHOICE.aside == 1_000
    with pytest.raises(ValueError, match="room for 0 changes at least, not -1"):
        modify_buffer_threshold(-1)
