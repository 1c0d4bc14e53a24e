"""The metaclass: reads a struct's class body once, refuses what cannot work, and writes what the class needs."""

from __future__ import annotations

import sys
from copy import deepcopy
from functools import partial
from keyword import iskeyword
from typing import Any

from csp.impl.struct import StructMeta
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from csp_gateway.errors import DeclarationError
from csp_gateway.server.structs.annotations import bare_type, body_annotations
from csp_gateway.server.structs.construct import has_own_init, make_init, without_place
from csp_gateway.server.structs.lookup import LookupTable

__all__ = ["GatewayStructMeta"]


class GatewayStructMeta(StructMeta):  # type: ignore[misc]  # csp ships no types
    """Makes a class body with pydantic annotations into a csp.Struct class.

    ``class Order(GatewayStruct, required=True)`` makes every field without a default required wherever data is
    validated; the default is csp's, that fields may stay unset. Subclasses inherit it.

    Raises:
        DeclarationError: a field is named like a method, a default lacks its annotation, a ``Field`` asks for what csp
            cannot give, an annotation cannot be evaluated, or csp refuses the class.
    """

    def __new__(
        mcls, name: str, bases: tuple[type, ...], body: dict[str, Any], *, required: bool | None = None, **options: Any
    ) -> GatewayStructMeta:
        annotations = body_annotations(body, name, sys._getframe(1))  # noqa: SLF001  # the documented way to one's caller
        _refuse_names(name, bases, body, annotations)
        fields = {field: _field_info(name, field, tp, body) for field, tp in annotations.items()}
        for key in ("__annotate_func__", "__annotate__"):
            body.pop(key, None)
        types = {field: bare_type(tp) for field, tp in annotations.items()}
        inherited = _inherited_types(bases)
        for field in types.keys() & inherited.keys():
            _refuse_another_type(name, field, types[field], inherited[field])
            body.pop(field, None)  # csp knows the field and its first default; ours is filled in by __init__
        body["__annotations__"] = {field: tp for field, tp in types.items() if field not in inherited}
        if options.get("strict"):
            raise DeclarationError(f"{name}: strict=True is csp's; say required=True, which validation insists on")
        try:
            cls: Any = super().__new__(mcls, name, bases, body, **options)
        except (TypeError, ValueError) as error:
            raise DeclarationError(f"{name}: {without_place(error)}") from error
        _finish(cls, fields, required)
        made: GatewayStructMeta = cls
        return made

    @property
    def model_fields(cls) -> dict[str, FieldInfo]:
        """The fields, inherited ones first, as pydantic describes them."""
        return dict(cls.__gateway_fields__)


def _refuse_names(owner: str, bases: tuple[type, ...], body: dict[str, Any], annotations: dict[str, Any]) -> None:
    inherited = set(_inherited_types(bases))
    taken = {key for base in bases for ancestor in base.__mro__ for key in vars(ancestor)} | set(
        vars(GatewayStructMeta)
    )
    for field in annotations:
        if not field.isidentifier() or iskeyword(field):
            raise DeclarationError(f"{owner}: a field cannot be called {field!r}, which is no Python name")
        if field in taken and field not in inherited:
            raise DeclarationError(
                f"{owner}: a field cannot be called {field!r}, which is a method or attribute of every struct of "
                f"this kind; call it {field + '_'!r}"
            )
    for key in inherited & set(body) - set(annotations):
        raise DeclarationError(
            f"{owner}: {key!r} is an inherited field; to give it another default, repeat its annotation: "
            f"`{key}: <type> = ...`"
        )


def _inherited_types(bases: tuple[type, ...]) -> dict[str, Any]:
    return {field: tp for base in bases for field, tp in getattr(base, "__full_metadata_typed__", {}).items()}


def _refuse_another_type(owner: str, field: str, tp: Any, inherited: Any) -> None:
    if tp != inherited:
        raise DeclarationError(
            f"{owner}: field {field!r} is {inherited} in a base class; csp cannot give it another type ({tp}), "
            "only another default or other constraints"
        )


def _field_info(owner: str, field: str, tp: Any, body: dict[str, Any]) -> FieldInfo:
    """What pydantic knows of one field; leaves in ``body`` the plain default csp is to use, or none."""
    default = body.get(field, PydanticUndefined)
    info = (
        FieldInfo.from_annotation(tp)
        if default is PydanticUndefined
        else FieldInfo.from_annotated_attribute(tp, default)
    )
    if info.alias or info.validation_alias or info.serialization_alias:
        raise DeclarationError(f"{owner}: field {field!r} has an alias; a struct's field has one name everywhere")
    if info.default_factory_takes_validated_data:
        raise DeclarationError(f"{owner}: the default_factory of field {field!r} must take no argument")
    body.pop(field, None)
    if info.default is not PydanticUndefined:
        body[field] = info.default
    return info


def _finish(cls: Any, fields: dict[str, FieldInfo], required: bool | None) -> None:
    """Give a class its own set of everything that is kept per class."""
    known: dict[str, FieldInfo] = {}
    for base in reversed(cls.__mro__[1:]):
        known |= vars(base).get("__gateway_fields__", {})
    known |= fields
    cls.__gateway_fields__ = {field: known[field] for field in cls.__full_metadata_typed__ if field in known}
    factories: dict[str, Any] = {f: i.default_factory for f, i in known.items() if i.default_factory is not None}
    for field, info in known.items():
        if info.default is not PydanticUndefined and info.default is not cls.__defaults__.get(field, PydanticUndefined):
            factories[field] = partial(deepcopy, info.default)  # given anew for an inherited field: csp has the old one
    cls.__gateway_factories__ = factories
    cls.__gateway_required__ = getattr(cls, "__gateway_required__", False) if required is None else required
    cls.__gateway_lookup__ = LookupTable()
    if not has_own_init(cls):
        cls.__init__ = make_init(cls, cls.__gateway_factories__)
