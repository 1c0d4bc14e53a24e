"""What the verbs of a client return."""

from __future__ import annotations

from csp_gateway.client import ReturnType


def test_a_return_type_is_its_own_name() -> None:
    assert [each.value for each in ReturnType] == ["raw", "json", "pandas", "polars", "arrow", "struct", "wrapper"]
    assert ReturnType("pandas") is ReturnType.Pandas == "pandas"
