"""Columns in as much room as there is."""

from __future__ import annotations

from csp_gateway.client.console.layout import columns_of, fitted, in_cells, natural_width


def test_a_text_fills_its_cells_or_is_cut() -> None:
    assert in_cells("abc", 5) == "abc  "
    assert in_cells("abc", 5, to_the_right=True) == "  abc"
    assert in_cells("abcdefgh", 5) == "abcd…"


def test_what_has_no_room_is_left_out_or_cut() -> None:
    rows = [{"a": 1, "b": "x" * 30, "c": "y" * 30}]
    columns = columns_of(rows, ["a", "b", "c"])
    assert natural_width(columns) > 60
    kept = fitted(columns, 40)
    assert sum(width for _, width in kept) <= 40
    assert kept[0][0].name == "a"
