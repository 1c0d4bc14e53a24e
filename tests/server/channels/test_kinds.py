"""What an annotation declares."""

from typing import Dict, List  # noqa: UP035  # users write both spellings

import csp
import pytest
from csp import ts

from csp_gateway.errors import DeclarationError
from csp_gateway.server.channels.kinds import declaration_of


class Quote(csp.Struct):
    price: float


def test_a_stream_of_structs() -> None:
    found = declaration_of("Ch", "quotes", ts[Quote])
    assert (found.name, found.ticks, found.element, found.listed) == ("quotes", Quote, Quote, False)
    assert found.tstype == ts[Quote]
    assert str(found) == "ts[Quote]"


@pytest.mark.parametrize("annotation", [ts[List[Quote]], ts[list[Quote]], ts[[Quote]]])  # noqa: UP006
def test_a_stream_of_lists_in_every_spelling(annotation: object) -> None:
    found = declaration_of("Ch", "quotes", annotation)
    assert (found.element, found.listed) == (Quote, True)
    assert found.tstype == ts[list[Quote]]
    assert str(found) == "ts[List[Quote]]"


@pytest.mark.parametrize("annotation", [float, dict[str, float], str | None])
def test_anything_else_is_a_static_value(annotation: object) -> None:
    assert declaration_of("Ch", "limit", annotation) is None


@pytest.mark.parametrize("annotation", [Dict[str, ts[Quote]], List[ts[Quote]]])  # noqa: UP006
def test_a_basket_is_refused_with_what_to_do(annotation: object) -> None:
    with pytest.raises(DeclarationError, match=r"Ch\.quotes is a basket .* one channel a key"):
        declaration_of("Ch", "quotes", annotation)
