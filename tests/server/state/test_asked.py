"""What a query asks: as values that compare, are never changed, and say what they are."""

from dataclasses import FrozenInstanceError

import pytest

from csp_gateway.server.state.asked import AllOf, Asked, Attribute, IsNull, Opposite
from csp_gateway.wire.comparing import Kind


def test_what_asks_the_same_is_equal() -> None:
    one, other = (AllOf((Opposite(IsNull(Attribute("a", (Kind.TEXT,)), True)),)) for _ in range(2))
    assert one == other
    assert one != AllOf((IsNull(Attribute("a", (Kind.TEXT,)), True),))


def test_it_is_never_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Asked(int).limit = 5  # type: ignore[misc]


def test_an_attribute_says_what_it_is() -> None:
    assert str(Attribute("a.b", (Kind.NUMBER, Kind.TEXT))) == "'a.b' is a number or text"
