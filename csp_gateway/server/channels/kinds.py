"""What an annotation declares: a stream of structs, a stream of lists of them, or a static value."""

from dataclasses import dataclass
from typing import Any, get_args, get_origin

from csp.impl.types.tstype import isTsBasket, isTsType, ts

from csp_gateway.errors import DeclarationError

__all__ = ["Declaration", "declaration_of"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One channel as its class declares it."""

    name: str
    """The channel's name on the bus."""
    ticks: Any
    """The type of one tick: ``S``, or ``List[S]`` for a list channel."""
    element: Any
    """The type of one record: ``S`` in both cases."""
    listed: bool
    """Whether one tick carries a list of records."""

    @property
    def tstype(self) -> Any:
        """The type of the channel's edge."""
        return ts[self.ticks]

    def __str__(self) -> str:
        element = getattr(self.element, "__name__", str(self.element))
        return f"ts[List[{element}]]" if self.listed else f"ts[{element}]"


def declaration_of(owner: str, name: str, annotation: Any) -> Declaration | None:
    """What ``name: annotation`` in the channels class ``owner`` declares; None for a static value.

    Raises:
        DeclarationError: for a basket of channels, which this version does not carry.
    """
    if isTsBasket(annotation):
        raise DeclarationError(
            f"{owner}.{name} is a basket ({annotation}): this version carries plain and list channels. "
            f"Declare one channel a key, or put the key in the struct."
        )
    if not isTsType(annotation):
        return None
    ticks = annotation.typ
    listed = get_origin(ticks) is list
    return Declaration(name, ticks, get_args(ticks)[0] if listed else ticks, listed)
