"""The annotations of a struct's class body, as types."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import reduce
from inspect import CO_OPTIMIZED
from operator import or_
from types import FrameType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from csp_gateway.errors import DeclarationError

__all__ = ["bare_type", "body_annotations", "map_types"]


def body_annotations(body: dict[str, Any], owner: str, frame: FrameType) -> dict[str, Any]:
    """The fields a class body annotates, name to type; ``ClassVar`` is left out, strings are evaluated.

    Args:
        body: the class namespace, as a metaclass gets it.
        owner: the name of the class, for errors.
        frame: the frame that runs the ``class`` statement: its locals are seen by string annotations.

    Raises:
        DeclarationError: an annotation names something that is not there yet.
    """
    annotate = body.get("__annotate_func__") or body.get("__annotate__")  # Python 3.14 calls it first, 3.13 has none
    try:
        raw = annotate(1) if annotate is not None else body.get("__annotations__", {})  # 1 is annotationlib's VALUE
    except NameError as error:
        raise _not_there(owner, "a field", error) from error
    found = {name: _evaluated(value, owner, name, body, frame) for name, value in raw.items()}
    return {name: tp for name, tp in found.items() if tp is not ClassVar and get_origin(tp) is not ClassVar}


def _evaluated(value: Any, owner: str, name: str, body: dict[str, Any], frame: FrameType) -> Any:
    if not isinstance(value, str):
        return value
    module = sys.modules.get(body.get("__module__", ""))
    try:
        return eval(value, vars(module) if module else frame.f_globals, _visible_locals(frame))
    except NameError as error:
        raise _not_there(owner, f"field {name!r}", error) from error


def _visible_locals(frame: FrameType) -> dict[str, Any]:
    """The names a class statement in ``frame`` sees: those of the class bodies around it and of the function around."""
    if frame.f_locals is frame.f_globals:
        return {}
    is_class_body = not frame.f_code.co_flags & CO_OPTIMIZED
    outside = _visible_locals(frame.f_back) if is_class_body and frame.f_back is not None else {}
    return {**outside, **frame.f_locals}


def _not_there(owner: str, where: str, error: NameError) -> DeclarationError:
    return DeclarationError(
        f"{owner}: the annotation of {where} names {error.name!r}, which is not defined where the class is made. "
        f"csp must know the type of every field at once: define {error.name!r} before, and import it at run time "
        "(not under TYPE_CHECKING). A struct cannot hold its own kind; annotate such a field as object."
    )


def bare_type(tp: Any) -> Any:
    """``tp`` without any ``Annotated``, which csp does not know inside containers; ``Any`` is ``object`` to csp.

    csp looks whether a value is an instance of the field's type, leaves the error that ``Any`` raises then where it
    is, and ends the process a few structs later.
    """
    if tp is Any:
        return object
    if get_origin(tp) is Annotated:
        return bare_type(get_args(tp)[0])
    return map_types(tp, bare_type)


def map_types(tp: Any, change: Callable[[Any], Any]) -> Any:
    """``tp`` with ``change`` applied to its arguments: ``list[A]`` becomes ``list[change(A)]``.

    What has no arguments, and what its arguments do not type (``Literal``, callables), comes back as it is.
    """
    origin, args = get_origin(tp), get_args(tp)
    if not args or origin is Literal or origin is Callable:
        return tp
    changed = tuple(arg if arg is Ellipsis else change(arg) for arg in args)
    if changed == args:
        return tp
    if origin is Annotated:
        return Annotated[(changed[0], *tp.__metadata__)]
    if origin in (Union, UnionType):
        return reduce(or_, changed)
    return origin[changed]
