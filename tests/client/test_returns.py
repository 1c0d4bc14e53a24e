"""What the verbs of a client return."""

from __future__ import annotations

import pytest

from csp_gateway.client import ReturnType
from csp_gateway.errors import WrongArgumentError


def test_a_return_type_is_its_own_name() -> None:
    assert [each.value for each in ReturnType] == ["raw", "json", "pandas", "polars", "arrow", "struct", "wrapper"]
    assert ReturnType("pandas") is ReturnType.Pandas == "pandas"


def test_a_mistyped_one_names_the_nearest() -> None:
    assert ReturnType("Polars") is ReturnType.Polars
    with pytest.raises(WrongArgumentError, match=r"there is no return type 'polar'; did you mean 'polars'\?"):
        ReturnType("polar")
