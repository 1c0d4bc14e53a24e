"""Questions about the annotation of a basket: is it one, by what keys, and what ticks on its edges."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

from csp.impl.types.tstype import isTsStaticBasket

__all__ = [
    "get_dict_basket_key_type",
    "get_dict_basket_value_tstype",
    "get_dict_basket_value_type",
    "is_dict_basket",
    "is_list_basket",
]


def is_dict_basket(tp: Any) -> bool:
    """Whether an annotation is a basket by key, ``Dict[K, ts[S]]``; marks around it do not matter.

    >>> from csp import ts
    >>> is_dict_basket(dict[str, ts[int]]), is_dict_basket(dict[str, int]), is_dict_basket(ts[int])
    (True, False, False)
    """
    return _basket_in(tp, dict) is not None


def is_list_basket(tp: Any) -> bool:
    """Whether an annotation is a basket by position, ``List[ts[S]]``; marks around it do not matter.

    >>> from csp import ts
    >>> is_list_basket(list[ts[int]]), is_list_basket(ts[list[int]])
    (True, False)
    """
    return _basket_in(tp, list) is not None


def get_dict_basket_key_type(tp: Any) -> Any:
    """The ``K`` of ``Dict[K, ts[S]]``.

    Raises:
        TypeError: the annotation is not a basket by key.
    """
    return _parts(tp)[0]


def get_dict_basket_value_tstype(tp: Any) -> Any:
    """The ``ts[S]`` of ``Dict[K, ts[S]]``.

    Raises:
        TypeError: the annotation is not a basket by key.
    """
    return _parts(tp)[1]


def get_dict_basket_value_type(tp: Any) -> Any:
    """The type of one tick of one edge: the ``S`` of ``Dict[K, ts[S]]``, the ``List[S]`` of ``Dict[K, ts[List[S]]]``.

    Raises:
        TypeError: the annotation is not a basket by key.
    """
    return get_args(get_dict_basket_value_tstype(tp))[0]


def _parts(tp: Any) -> tuple[Any, Any]:
    basket = _basket_in(tp, dict)
    if basket is None:
        raise TypeError(f"{tp} is not a basket by key, which is Dict[K, ts[S]]")
    key, edge = get_args(basket)
    return key, edge


def _basket_in(tp: Any, container: type) -> Any:
    """The bare annotation if it is a basket of this container, else None."""
    bare = get_args(tp)[0] if get_origin(tp) is Annotated else tp
    return bare if isTsStaticBasket(bare) and get_origin(bare) is container else None
