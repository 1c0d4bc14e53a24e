"""What an annotation declares."""

from enum import Enum
from typing import Any, Dict, List  # noqa: UP035  # users write both spellings

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


class Side(Enum):
    BUY = 1
    SELL = 2


class Venue(csp.Enum):
    X = csp.Enum.auto()
    Y = csp.Enum.auto()


@pytest.mark.parametrize("key", [Side, Venue])
def test_a_basket_by_an_enum_has_its_members_as_keys(key: Any) -> None:
    found = declaration_of("Ch", "quotes", Dict[key, ts[Quote]])  # noqa: UP006
    assert (found.container, found.key_type, found.keys) == (dict, key, tuple(key))
    assert (found.element, found.listed, found.is_basket) == (Quote, False, True)
    assert str(found) == f"Dict[{key.__name__}, ts[Quote]]"


@pytest.mark.parametrize("key", [str, int])
def test_a_basket_by_text_or_number_is_given_its_keys_later(key: Any) -> None:
    found = declaration_of("Ch", "quotes", dict[key, ts[List[Quote]]])  # noqa: UP006
    assert (found.container, found.key_type, found.keys, found.listed) == (dict, key, None, True)
    assert str(found) == f"Dict[{key.__name__}, ts[List[Quote]]]"


@pytest.mark.parametrize("annotation", [List[ts[Quote]], list[ts[Quote]]])  # noqa: UP006
def test_a_basket_by_position(annotation: Any) -> None:
    found = declaration_of("Ch", "quotes", annotation)
    assert (found.container, found.key_type, found.keys) == (list, int, None)
    assert str(found) == "List[ts[Quote]]"


@pytest.mark.parametrize(
    "annotation",
    [
        Dict[ts[str], ts[Quote]],  # noqa: UP006
        Dict[str, List[ts[Quote]]],  # noqa: UP006
        ts[Quote] | None,
        tuple[ts[Quote], ...],
    ],
)
def test_an_edge_anywhere_else_is_refused_with_what_to_write(annotation: Any) -> None:
    with pytest.raises(DeclarationError, match=r"Ch\.quotes: a channel is ts\[S\], .*or a basket of either"):
        declaration_of("Ch", "quotes", annotation)


@pytest.mark.parametrize("key", [float, Quote, tuple[str, str]])
def test_keys_of_another_kind_are_refused(key: Any) -> None:
    with pytest.raises(DeclarationError, match=r"the keys of a basket are members of an Enum or csp\.Enum, str or int"):
        declaration_of("Ch", "quotes", dict[key, ts[Quote]])


def test_marks_are_kept() -> None:
    assert declaration_of("Ch", "quotes", ts[Quote], ["a mark"]).marks == ("a mark",)
