"""GatewayStruct: a csp.Struct that pydantic understands, born with an id and a timestamp."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Self, TypeGuard

import csp
from pydantic import TypeAdapter

from csp_gateway.server.structs.declaration import GatewayStructMeta
from csp_gateway.server.structs.decode import decode
from csp_gateway.server.structs.encode import encode
from csp_gateway.server.structs.identity import IdType, mint_id
from csp_gateway.server.structs.lookup import LookupStatistics
from csp_gateway.server.structs.rules import ValidatorFn
from csp_gateway.server.structs.schema import RULES, adapter_of, fields_of, struct_schema

__all__ = ["GatewayStruct", "global_lookup", "is_gateway_struct_like"]


class GatewayStruct(csp.Struct, metaclass=GatewayStructMeta):  # type: ignore[misc]  # csp ships no types
    """A value that ticks, travels as JSON, and can be found again by its id.

    Declare fields as in a pydantic model; make one with keywords. ``id`` and ``timestamp`` (naive UTC) are minted when
    absent. A field without a default is unset until given: reading it raises ``AttributeError``, and JSON leaves it
    out. Making a struct checks types as csp does, without coercion (``TypeError``, and ``AttributeError`` for an
    unknown field); validating one (``model_validate``, ``type_adapter``, ``decode``) coerces, applies constraints and
    registered validators, and raises ``pydantic.ValidationError``.

    ``class Order(GatewayStruct, required=True)`` makes validation insist on every field that has no default.

    >>> class Trade(GatewayStruct):
    ...     symbol: str
    ...     size: int = 100
    >>> Trade(symbol="A").size
    100
    >>> Trade.model_validate({"symbol": 7, "size": "5"}).symbol
    '7'
    """

    id: str
    timestamp: datetime

    # -- identity and lookup

    @classmethod
    def generate_id(cls) -> IdType:
        """A fresh id, from the counter all structs share."""
        return mint_id()

    @classmethod
    def lookup(cls, id: IdType) -> Self | None:
        """The struct of exactly this class made last with ``id``, if it is among the newest kept; else None."""
        found: Self | None = cls.__gateway_lookup__.get(id)
        return found

    @classmethod
    def omit_from_lookup(cls, omit: bool = True) -> None:
        """Keep structs of this class, made from now on, out of the lookup; subclasses are not affected."""
        cls.__gateway_lookup__.included = not omit

    @classmethod
    def included_in_lookup(cls) -> bool:
        """Whether structs of this class made from now on can be looked up."""
        included: bool = cls.__gateway_lookup__.included
        return included

    @classmethod
    def limit_lookup(cls, limit: int) -> None:
        """Keep at most ``limit`` structs of this class, and always the newest half of it; what was kept is let go."""
        cls.__gateway_lookup__.limit(limit)

    @classmethod
    def lookup_statistics(cls) -> LookupStatistics:
        """How many structs of this class are kept for the lookup, and how many had to go."""
        told: LookupStatistics = cls.__gateway_lookup__.statistics()
        return told

    # -- validators

    @classmethod
    def add_validator(cls, rule: ValidatorFn | None = None, *, mode: str = "after") -> Any:
        """Register a rule for structs of this class and its subclasses; usable as a decorator, bare or called.

        ``before`` rules see the raw input, ``after`` rules the struct; both return it, changed or not. They run
        whenever data is validated, nested structs included, and not when a struct is made in Python.

        Raises:
            ValueError: ``mode`` is neither ``before`` (``pre``) nor ``after`` (``post``).
            TypeError: the rule cannot be called.
        """
        if rule is None:
            return partial(cls.add_validator, mode=mode)
        RULES.add(cls, rule, mode)
        return rule

    @classmethod
    def run_validators(cls, val: Any, *, mode: str = "after") -> Any:
        """Run the registered rules on a value made in Python; returns what they return."""
        return RULES.run(cls, val, mode)

    @classmethod
    def clear_validators(cls, *, mode: str | None = None) -> None:
        """Remove the rules registered on this class itself; of both modes when ``mode`` is None."""
        RULES.clear(cls, mode)

    @classmethod
    def _validate_gateway_struct_after(cls, val: Any) -> Any:
        """Override to check or change a validated struct, last of all; call ``super()`` for the parents' checks."""
        return val

    # -- the pydantic face

    _get_pydantic_core_schema = staticmethod(struct_schema)

    @classmethod
    def type_adapter(cls) -> TypeAdapter[Self]:
        """The pydantic type adapter of exactly this class."""
        return adapter_of(cls)

    @classmethod
    def model_validate(cls, obj: Any, *, strict: bool | None = None, context: Any = None) -> Self:
        """A struct from a mapping, or the struct given; raises ``pydantic.ValidationError``.

        ``context={"force_new_id": True, "force_new_timestamp": True}`` replaces what was supplied, at every depth, in
        copies: neither a mapping nor a struct given is changed.
        """
        validated: Self = adapter_of(cls).validate_python(obj, strict=strict, context=context)
        return validated

    @classmethod
    def model_validate_json(cls, data: str | bytes, *, strict: bool | None = None, context: Any = None) -> Self:
        """A struct from JSON text; raises ``pydantic.ValidationError``."""
        if strict:
            validated: Self = adapter_of(cls).validate_json(data, strict=True, context=context)
            return validated
        return decode(cls, data.encode(errors="surrogatepass") if isinstance(data, str) else data, context)

    @classmethod
    def model_json_schema(cls, **options: Any) -> dict[str, Any]:
        """The JSON schema; the options are those of ``pydantic.TypeAdapter.json_schema``."""
        return adapter_of(cls).json_schema(**options)

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """The set fields as a dict; the options are those of ``pydantic.TypeAdapter.dump_python``."""
        dumped: dict[str, Any] = adapter_of(type(self)).dump_python(self, **options)
        return dumped

    def model_dump_json(self, **options: Any) -> str:
        """The struct as JSON text; the options are those of ``pydantic.TypeAdapter.dump_json``."""
        return (adapter_of(type(self)).dump_json(self, **options) if options else encode(self)).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy of the same id, with the fields in ``update`` set as given; it does not enter the lookup."""
        copied: Self = self.deepcopy() if deep else self.copy()
        if update:
            copied.update(**update)
        return copied

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that are set."""
        return {name for name in fields_of(type(self)) if hasattr(self, name)}


def is_gateway_struct_like(cls: Any) -> TypeGuard[type[GatewayStruct]]:
    """Whether ``cls`` is a GatewayStruct class; never raises."""
    return isinstance(cls, GatewayStructMeta)


def global_lookup(id: IdType, cls: type[GatewayStruct] | None = None) -> GatewayStruct | None:
    """The struct made with ``id``, of ``cls`` or of any class; None when it is not kept.

    Of several classes that hold the id, which takes supplied ids, the struct with the newest timestamp is meant.
    """
    if cls is not None:
        one: GatewayStruct | None = cls.__gateway_lookup__.get(id)
        return one
    found = [struct for kind in _all_kinds(GatewayStruct) if (struct := kind.__gateway_lookup__.get(id)) is not None]
    return max(found, key=attrgetter("timestamp"), default=None)


def _all_kinds(cls: type[GatewayStruct]) -> Iterator[type[GatewayStruct]]:
    yield cls
    for kind in cls.__subclasses__():
        yield from _all_kinds(kind)
