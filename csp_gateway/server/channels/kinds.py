"""What an annotation declares: one stream, a basket of streams by key or by position, or a static value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

import csp
from csp.impl.types.tstype import isTsBasket, isTsType, ts

from csp_gateway.errors import DeclarationError

__all__ = ["Declaration", "declaration_of"]

_KEYS_WITHOUT_ENUM = (str, int)
_SPELLINGS = "a channel is ts[S], ts[List[S]], or a basket of either: Dict[key, ts[…]] or List[ts[…]]"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One channel as its class declares it."""

    name: str
    """The channel's name on the bus."""
    ticks: Any
    """The type of one tick of one edge: ``S``, or ``List[S]`` where a tick carries a list."""
    element: Any
    """The type of one record: ``S`` in both cases."""
    listed: bool
    """Whether one tick carries a list of records."""
    container: type | None = None
    """None for one stream; ``dict`` for one stream a key, ``list`` for one stream a position."""
    key_type: Any = None
    """What the keys of a basket are: an ``Enum`` or ``csp.Enum`` class, ``str`` or ``int``."""
    keys: tuple[Any, ...] | None = None
    """The keys that the class itself fixes, an enum's members; None where ``dynamic_keys`` give them."""
    marks: tuple[Any, ...] = ()
    """What the annotation wears: ``Annotated[ts[S], *marks]``."""
    tstype: Any = field(init=False)
    """The type of one of the channel's edges."""

    def __post_init__(self) -> None:
        # Once: csp makes the type anew whenever it is spelled, and each key of a basket is held against it.
        object.__setattr__(self, "tstype", ts[self.ticks])

    @property
    def is_basket(self) -> bool:
        """Whether the channel is many streams."""
        return self.container is not None

    def __str__(self) -> str:
        element = getattr(self.element, "__name__", str(self.element))
        edge = f"ts[List[{element}]]" if self.listed else f"ts[{element}]"
        if self.container is dict:
            return f"Dict[{self.key_type.__name__}, {edge}]"
        return f"List[{edge}]" if self.container is list else edge


def declaration_of(owner: str, name: str, annotation: Any, marks: Sequence[Any] = ()) -> Declaration | None:
    """What ``name: annotation`` in the channels class ``owner`` declares; None for a static value.

    Raises:
        DeclarationError: a basket whose keys tick themselves, or are neither enum members nor str nor int; an edge
            inside anything else.
    """
    if isTsType(annotation):
        return Declaration(name, *_tick_of(annotation), marks=tuple(marks))
    if not isTsBasket(annotation):
        if any(_mentions_edge(part) for part in get_args(annotation)):
            raise DeclarationError(f"{owner}.{name}: {_SPELLINGS}, not {annotation}")
        return None
    if get_origin(annotation) is list:
        (edge,) = get_args(annotation)
        return Declaration(name, *_tick_of(edge), container=list, key_type=int, marks=tuple(marks))
    key, edge = get_args(annotation)
    if not isTsType(edge) or isTsType(key):
        raise DeclarationError(f"{owner}.{name}: {_SPELLINGS}, not {annotation}")
    return Declaration(
        name, *_tick_of(edge), container=dict, key_type=key, keys=_fixed_keys(owner, name, key), marks=tuple(marks)
    )


def _tick_of(edge: Any) -> tuple[Any, Any, bool]:
    """The type of a tick, the type of a record in it, and whether it is a list of them."""
    ticks = edge.typ if hasattr(edge, "typ") else ts[get_args(edge)[0]].typ  # the latter for ts["S"]
    listed = get_origin(ticks) is list
    return ticks, get_args(ticks)[0] if listed else ticks, listed


def _fixed_keys(owner: str, name: str, key: Any) -> tuple[Any, ...] | None:
    if isinstance(key, type) and issubclass(key, Enum | csp.Enum):
        return tuple(member for member in key)
    if key in _KEYS_WITHOUT_ENUM or isinstance(key, TypeVar):
        return None
    spelled = getattr(key, "__name__", str(key))
    raise DeclarationError(
        f"{owner}.{name}: the keys of a basket are members of an Enum or csp.Enum, str or int, not {spelled}"
    )


def _mentions_edge(annotation: Any) -> bool:
    return isTsType(annotation) or any(_mentions_edge(part) for part in get_args(annotation))
