"""Records as cells: flat, in the order that a reader wants, as plain text."""

from __future__ import annotations

import pytest

from csp_gateway.client.console.cells import flat, in_order, plain, text_of


def test_what_is_nested_is_a_column_of_its_path() -> None:
    assert flat({"a": 1, "leg": {"x": 1, "y": {"z": 2}}}) == {"a": 1, "leg.x": 1, "leg.y.z": 2}
    assert len(flat("a name")) == 1


def test_what_every_struct_has_comes_last() -> None:
    assert in_order(["id", "timestamp", "price"]) == ["price", "id", "timestamp"]


@pytest.mark.parametrize(("value", "text"), [(None, ""), ([1, "a"], '[1,"a"]'), (1.5, "1.5"), ("x", "x")])
def test_a_value_is_a_text(value: object, text: str) -> None:
    assert text_of(value).replace(", ", ",") == text


def test_no_text_moves_the_cursor_of_a_terminal() -> None:
    assert "\x1b" not in plain("\x1b[2Jgone\n")
