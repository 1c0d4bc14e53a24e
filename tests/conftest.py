"""Every test may use the fixtures that users have; those that take longest begin first."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["csp_gateway.testing.fixtures"]

WAYS = Path(__file__).parent / "ways"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of whole ways first, or one worker would be left with a minute of them when the others are done."""
    items.sort(key=lambda item: WAYS not in item.path.parents)
