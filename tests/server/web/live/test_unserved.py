"""What is said of a channel that cannot be followed."""

from __future__ import annotations

import pytest

from csp_gateway.server.web.live.unserved import no_channel
from csp_gateway.server.web.verbs import Shape
from tests.server.web.live.parts import Quote

SERVED = {
    "quotes": Shape("quotes", Quote, False),
    "by_side": Shape("by_side", Quote, False, dict, {"BUY": 1, "a/b": 2}),
    "legs": Shape("legs", Quote, False, dict, {"BUY": "BUY", "z": "z"}),
}


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("quote", "did you mean 'quotes'?"),
        ("a/b", """it is a key of 'by_side': "by_side/a/b" for a client, {"channel": "by_side", "key": "a/b"} in a"""),
        (
            "BUY",
            """it is a key of 'by_side', 'legs': "by_side/BUY" for a client, {"channel": "by_side", "key": "BUY"}""",
        ),
        ("by-side/BUY", """it is a key of 'by_side': "by_side/BUY" for a client"""),
        ("by_side/SELL", "did you mean 'by_side'?"),
        ("quotes/x", "did you mean 'quotes'?"),
        ("zz", "known: by_side, legs, quotes"),
    ],
)
def test_the_nearest_is_told_or_the_basket_that_it_is_a_key_of(channel: str, said: str) -> None:
    error = no_channel(channel, list(SERVED), SERVED)
    assert str(error).startswith(f"there is no channel {channel!r} to follow here; {said}")
    assert error.code == "unknown_channel"


def test_what_may_not_be_followed_here_is_not_told() -> None:
    assert str(no_channel("z", ["quotes"], SERVED)).endswith("; known: quotes")


def test_of_a_long_name_the_beginning_is_told() -> None:
    assert str(no_channel("x" * 10_000, [], {})) == f"there is no channel {'x' * 80!r} to follow here; there are none"
