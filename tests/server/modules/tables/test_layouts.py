"""Saved layouts."""

import pytest

from csp_gateway.server.modules.tables.layouts import checked_layouts


def test_layouts_are_kept_as_they_are_written() -> None:
    assert checked_layouts({"mine": '{"panels": {}}'}) == {"mine": '{"panels": {}}'}


@pytest.mark.parametrize(("text", "said"), [("{", "'mine' is not JSON: .*line 1"), ("[]", "'mine' is a JSON list")])
def test_what_is_no_layout_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked_layouts({"mine": text})
