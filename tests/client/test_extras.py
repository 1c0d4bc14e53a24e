"""Packages that the client can do without."""

import json

import pytest

from csp_gateway.client.extras import needed


def test_a_package_is_loaded_or_how_to_get_it_is_said() -> None:
    assert needed("json", "this") is json
    with pytest.raises(ImportError, match=r"this needs d8nothing: pip install "):
        needed("d8nothing", "this")
