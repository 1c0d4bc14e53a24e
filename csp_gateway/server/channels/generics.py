"""Generic channels classes: what ``Feed[Quote]`` has settled, and what a class nobody parametrised leaves open.

Pydantic puts types for type variables by itself, inside ``ts[…]`` too, since it asks csp for the new ``ts``. What
remains is ``Feed`` without brackets: a fine base class, but no edge is of type ``ts[T]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from csp_gateway.errors import DeclarationError

if TYPE_CHECKING:
    from csp_gateway.server.channels.kinds import Declaration

__all__ = ["open_variables", "refuse_open"]


def open_variables(annotation: Any) -> tuple[TypeVar, ...]:
    """The type variables in an annotation, each once, in the order in which they are read.

    >>> K, T = TypeVar("K"), TypeVar("T")
    >>> open_variables(dict[K, list[T]])
    (~K, ~T)
    """
    if isinstance(annotation, TypeVar):
        return (annotation,)
    return tuple(dict.fromkeys(variable for part in get_args(annotation) for variable in open_variables(part)))


def refuse_open(owner: str, declared: Mapping[str, Declaration]) -> None:
    """Hold that every channel of a class says what it carries, before the class is wired.

    Raises:
        DeclarationError: naming the type variables that nobody has said yet, and the channels they are in.
    """
    found = {
        name: (*open_variables(declaration.key_type), *open_variables(declaration.ticks))
        for name, declaration in declared.items()
    }
    variables = dict.fromkeys(str(variable).lstrip("~+-") for each in found.values() for variable in each)
    if variables:
        channels = ", ".join(repr(name) for name, each in found.items() if each)
        raise DeclarationError(
            f"{owner} leaves {' and '.join(variables)} open in {channels}: say what it is, "
            f"{owner.partition('[')[0]}[…](), or inherit from that"
        )
