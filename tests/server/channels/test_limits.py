"""How much is kept is always limited, and the mark of one channel wins."""

from typing import Any

import pytest

from csp_gateway.errors import DeclarationError
from csp_gateway.server.channels.limits import HistoryLimits, Keep


def test_what_a_mark_leaves_out_is_the_default() -> None:
    defaults = HistoryLimits(items=5, seconds=6.0, bytes=7)
    assert Keep().completed(defaults) == defaults
    assert Keep(items=10_000).completed(defaults) == HistoryLimits(items=10_000, seconds=6.0, bytes=7)
    assert Keep(seconds=0.5, bytes=1).completed(defaults) == HistoryLimits(items=5, seconds=0.5, bytes=1)


@pytest.mark.parametrize("kind", [HistoryLimits, Keep])
@pytest.mark.parametrize(
    "limits",
    [
        {"items": 0},
        {"items": -1},
        {"items": 1.5},
        {"items": True},
        {"items": "9"},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"bytes": 0},
        {"bytes": 1e6},
    ],
)
def test_a_limit_that_is_none_is_refused(kind: Any, limits: dict[str, Any]) -> None:
    (name,) = limits
    with pytest.raises(DeclarationError, match=rf"a history's {name} is a .* above 0, not "):
        kind(**limits)


def test_nothing_is_kept_without_a_limit() -> None:
    with pytest.raises(DeclarationError, match="nothing is kept without a limit"):
        HistoryLimits(items=None)  # type: ignore[arg-type]  # what the test is about
