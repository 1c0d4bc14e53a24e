"""Questions about the annotation of a basket."""

from enum import Enum
from typing import Annotated, Any, Dict, List  # noqa: UP035  # both spellings are tested

import csp
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.server.channels.baskets import (
    get_dict_basket_key_type,
    get_dict_basket_value_tstype,
    get_dict_basket_value_type,
    is_dict_basket,
    is_list_basket,
)


class Quote(GatewayStruct):
    price: float


class Side(Enum):
    BUY = 1


class Ch(GatewayChannels):
    region: str = "eu"
    quotes: ts[Quote] = None
    by_side: Annotated[Dict[Side, ts[Quote]], "a mark"] = None  # noqa: UP006


BY_KEY = [Dict[Side, ts[Quote]], dict[str, ts[Quote]], dict[int, ts[list[Quote]]], Annotated[dict[str, ts[Quote]], 1]]  # noqa: UP006
BY_POSITION = [List[ts[Quote]], list[ts[list[Quote]]], Annotated[list[ts[Quote]], 1]]  # noqa: UP006
NEITHER = [ts[Quote], ts[list[Quote]], dict[str, Quote], list[Quote], csp.DynamicBasket[str, Quote], Quote, None, "x"]


@pytest.mark.parametrize("tp", BY_KEY)
def test_a_basket_by_key(tp: Any) -> None:
    assert is_dict_basket(tp)
    assert not is_list_basket(tp)


@pytest.mark.parametrize("tp", BY_POSITION)
def test_a_basket_by_position(tp: Any) -> None:
    assert is_list_basket(tp)
    assert not is_dict_basket(tp)


@pytest.mark.parametrize("tp", NEITHER)
def test_what_is_no_basket(tp: Any) -> None:
    assert not is_dict_basket(tp)
    assert not is_list_basket(tp)


def test_its_parts() -> None:
    basket = Ch.get_outer_type(Ch.by_side)
    assert get_dict_basket_key_type(basket) is Side
    assert get_dict_basket_value_tstype(basket) == ts[Quote]
    assert get_dict_basket_value_type(basket) is Quote
    assert get_dict_basket_value_type(dict[str, ts[list[Quote]]]) == List[Quote]  # noqa: UP006


@pytest.mark.parametrize("ask", [get_dict_basket_key_type, get_dict_basket_value_tstype, get_dict_basket_value_type])
@pytest.mark.parametrize("tp", [*NEITHER, *BY_POSITION])
def test_parts_of_what_is_no_basket_by_key(ask: Any, tp: Any) -> None:
    with pytest.raises(TypeError, match="is not a basket by key"):
        ask(tp)
