"""The pydantic schema of a struct: how it is validated, written and described."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, get_origin

import csp
import numpy as np
from pydantic import (
    Field,
    GetCoreSchemaHandler,
    PydanticSchemaGenerationError,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
)
from pydantic.fields import FieldInfo
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    PydanticUndefined,
    core_schema,
)

from csp_gateway.server.structs.annotations import map_types
from csp_gateway.server.structs.construct import register, without_place
from csp_gateway.server.structs.declaration import GatewayStructMeta
from csp_gateway.server.structs.forms import NativeIntForm, array_values, form_of
from csp_gateway.server.structs.identity import mint_id, utc_now
from csp_gateway.server.structs.rules import RuleBook, apply_rule

__all__ = [
    "RULES",
    "Fresh",
    "adapter_of",
    "field_type",
    "fields_of",
    "has_own_checks",
    "is_required",
    "pydantic_type",
    "struct_schema",
]

RULES = RuleBook()
"""The validators registered on any struct class of this process."""

_ADAPTER = "__gateway_adapter__"


class Fresh(NamedTuple):
    """What a validation must replace wherever it meets a struct, whatever was supplied."""

    id: bool = False
    timestamp: bool = False

    @classmethod
    def asked_by(cls, context: Any) -> Fresh:
        """Read from a validation context: ``force_new_id`` and ``force_new_timestamp``."""
        if not isinstance(context, Mapping):
            return cls()
        return cls(bool(context.get("force_new_id")), bool(context.get("force_new_timestamp")))


def adapter_of(cls: type) -> TypeAdapter[Any]:
    """The type adapter of exactly this class, made on first use."""
    adapter: TypeAdapter[Any] | None = vars(cls).get(_ADAPTER)
    if adapter is None:
        adapter = TypeAdapter(pydantic_type(cls))
        setattr(cls, _ADAPTER, adapter)
    return adapter


def fields_of(cls: Any) -> dict[str, FieldInfo]:
    """The fields of any struct class that travel, in the order they do: those with an underscore stay inside."""
    if isinstance(cls, GatewayStructMeta):
        known: dict[str, FieldInfo] = cls.model_fields
    else:
        known = {
            name: FieldInfo.from_annotated_attribute(tp, cls.__defaults__[name])
            if name in cls.__defaults__
            else FieldInfo.from_annotation(tp)
            for name, tp in cls.metadata(typed=True).items()
        }
    return {name: info for name, info in known.items() if not name.startswith("_")}


def pydantic_type(tp: Any) -> Any:
    """``tp`` annotated wherever our JSON form is not pydantic's own."""
    if isinstance(tp, type) and get_origin(tp) is None and issubclass(tp, csp.Struct):
        return tp if isinstance(tp, GatewayStructMeta) else Annotated[tp, _PlainStructForm()]
    form = form_of(tp)
    return map_types(tp, pydantic_type) if form is None else Annotated[tp, form]


def is_required(cls: type, name: str, info: FieldInfo) -> bool:
    """Whether validation insists on the field: of a class declared so, on each that is neither minted nor defaulted."""
    return getattr(cls, "__gateway_required__", False) and info.is_required() and name not in ("id", "timestamp")


def has_own_checks(cls: Any) -> bool:
    """Whether validating ``cls`` runs more than the checks its fields declare."""
    if not isinstance(cls, GatewayStructMeta):
        return False
    hooks = sum("_validate_gateway_struct_after" in vars(kind) for kind in cls.__mro__)
    ruled = any(RULES.of(cls, mode) for mode in ("before", "after"))
    return ruled or hooks > 1 or cls._get_pydantic_core_schema is not struct_schema


def field_type(info: FieldInfo) -> Any:
    """The annotation of a field, constraints and all, in our JSON form."""
    described = Field(
        title=info.title,
        description=info.description,
        examples=info.examples,
        deprecated=info.deprecated,
        json_schema_extra=info.json_schema_extra,
        discriminator=info.discriminator,
    )
    if info.annotation is float:
        # Around what is asked of the number: pydantic would say it in words of its own if it came after.
        return Annotated[(float, *info.metadata, form_of(float), described)]
    if info.annotation is int:
        return Annotated[(int, *info.metadata, NativeIntForm(), described)]
    return Annotated[(pydantic_type(info.annotation), *info.metadata, described)]


def struct_schema(cls: Any, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """The schema of a struct class; two classes of one name do not meet in it."""
    content = _content_schema(cls, handler)
    names = tuple(fields_of(cls))

    def write(struct: Any, inner: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        if type(struct) is not cls and isinstance(struct, cls):
            return _write_as_what_it_is(struct, info)
        return inner({name: getattr(struct, name) for name in names if hasattr(struct, name)})

    return core_schema.with_info_wrap_validator_function(
        _reader(cls),
        content,
        ref=f"{cls.__module__}.{cls.__qualname__}:{id(cls)}",
        serialization=core_schema.wrap_serializer_function_ser_schema(write, schema=content, info_arg=True),
    )


class _PlainStructForm:
    """Gives a csp.Struct that is no GatewayStruct the same form."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return struct_schema(source, source, handler)


def _content_schema(cls: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    fields = {}
    for name, info in fields_of(cls).items():
        schema = _field_schema(info, handler)
        if info.default is not PydanticUndefined:
            schema = _with_default(schema, info.default)
        fields[name] = core_schema.typed_dict_field(
            schema, required=is_required(cls, name, info), serialization_exclude=info.exclude
        )
    return core_schema.typed_dict_schema(
        fields,
        cls_name=cls.__name__,
        total=False,
        extra_behavior="forbid",
        config={"title": cls.__name__, "coerce_numbers_to_str": True},
        metadata={"pydantic_js_updates": _described(cls)},
    )


def _with_default(schema: CoreSchema, default: Any) -> CoreSchema:
    if not isinstance(default, np.ndarray):
        return core_schema.with_default_schema(schema, default=default)
    # pydantic does not know how an array looks in JSON.
    described = {"pydantic_js_updates": {"default": array_values(default)}}
    return core_schema.with_default_schema(schema, default_factory=default.copy, metadata=described)


def _described(cls: Any) -> dict[str, str]:
    written = vars(cls).get("__doc__")
    return {"title": cls.__name__, **({"description": inspect.cleandoc(written)} if written else {})}


def _field_schema(info: FieldInfo, handler: GetCoreSchemaHandler) -> CoreSchema:
    try:
        return handler.generate_schema(field_type(info))
    except PydanticSchemaGenerationError:
        return core_schema.any_schema()  # a class pydantic knows nothing of: csp checks the instance


def _reader(cls: Any) -> Any:
    def read(value: Any, inner: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        fresh = Fresh.asked_by(info.context)
        if not isinstance(value, cls):
            # Before and after: a validator cannot bring back an id that must not be kept.
            value = _scrubbed(RULES.run(cls, _scrubbed(value, fresh), "before"), fresh)
        if not isinstance(value, cls):
            struct = _made(cls, inner(value))
        else:
            struct = _renewed(value, fresh) if any(fresh) else value
        if not isinstance(cls, GatewayStructMeta):
            return struct
        struct = RULES.run(type(struct), struct, "after")
        hook = type(struct)._validate_gateway_struct_after  # noqa: SLF001  # the hook has this public name
        return apply_rule(hook, cls, struct, "after")

    return read


def _scrubbed(value: Any, fresh: Fresh) -> Any:
    dropped = {name for name, forced in zip(Fresh._fields, fresh, strict=True) if forced}
    if not dropped or not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if key not in dropped}


def _made(cls: Any, fields: dict[str, Any]) -> Any:
    try:
        return cls(**fields)
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        refused = [_refusal(name, value, why) for name, value in fields.items() if (why := _why_not(cls, name, value))]
        if refused:
            raise ValidationError.from_exception_data(cls.__name__, refused) from error
        raise PydanticCustomError("struct_refused", "{reason}", {"reason": without_place(error)}) from error


def _why_not(cls: Any, name: str, value: Any) -> Exception | None:
    try:
        setattr(cls.__new__(cls), name, value)
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        return error
    return None


def _refusal(name: str, value: Any, why: Exception) -> InitErrorDetails:
    told = PydanticCustomError(
        "struct_field_refused", "The struct cannot hold this: {reason}", {"reason": without_place(why)}
    )
    return InitErrorDetails(type=told, loc=(name,), input=value)


def _write_as_what_it_is(struct: Any, info: SerializationInfo) -> Any:
    serializer: Any = adapter_of(type(struct)).serializer  # what include and exclude may be is not in its public types
    return serializer.to_python(
        struct,
        mode=info.mode,
        include=info.include,
        exclude=info.exclude,
        exclude_defaults=info.exclude_defaults,
        exclude_none=info.exclude_none,
        round_trip=info.round_trip,
        context=info.context,
    )


def _renewed(value: Any, fresh: Fresh) -> Any:
    """``value`` with copies of new identity in place of the structs in it; ``value`` itself is left as it was."""
    if isinstance(value, csp.Struct):
        copy = value.copy()
        for name in fields_of(type(value)):
            if hasattr(value, name):
                setattr(copy, name, _renewed(getattr(value, name), fresh))
        if isinstance(type(value), GatewayStructMeta):
            if fresh.id:
                copy.id = mint_id()
            if fresh.timestamp:
                copy.timestamp = utc_now()
            register(copy)
        return copy
    if isinstance(value, dict):
        return {key: _renewed(item, fresh) for key, item in value.items()}
    if isinstance(value, (list, set, frozenset)) or type(value) is tuple:
        kind = list if isinstance(value, list) else type(value)
        return kind(_renewed(item, fresh) for item in value)
    return value
