"""Routes of modules that take structs: a struct is the body, as a model of pydantic's is one by itself.

FastAPI knows its own kinds of bodies, which structs are none of, and would look for them in the query. So it still does
for a dependency, and for a router that a module makes itself: there a struct is to be ``Annotated[Order, Body()]``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, update_wrapper
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from fastapi import Body
from fastapi.dependencies.utils import get_typed_signature
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo

from csp_gateway.server.structs import is_gateway_struct_like

__all__ = ["StructRoute"]


class StructRoute(APIRoute):
    """FastAPI's route, for which parameters that are structs are bodies unless something else is said of them."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _with_bodies(endpoint), **options)


def _with_bodies(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    parameters = get_typed_signature(endpoint).parameters.values()
    told = [_told(each) for each in parameters]
    if all(before is after for before, after in zip(parameters, told, strict=True)):
        return endpoint
    # FastAPI looks through both for what is called in the end, and whether that is a coroutine.
    wrapped = update_wrapper(partial(endpoint), endpoint)
    wrapped.__signature__ = inspect.signature(endpoint).replace(parameters=told)  # type: ignore[attr-defined]
    return wrapped


def _told(parameter: inspect.Parameter) -> inspect.Parameter:
    annotation, default = parameter.annotation, parameter.default
    said = (default, *(get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()))
    if not _is_struct(annotation) or any(isinstance(each, FieldInfo | Depends) for each in said):
        return parameter
    return parameter.replace(annotation=Annotated[annotation, Body()])


def _is_struct(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_struct(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return any(map(_is_struct, get_args(annotation)))
    return is_gateway_struct_like(annotation)
