"""Environment variables that set what a gateway is: one that names no setting, or says what none can be, is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args, get_origin

from pydantic import Secret, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from csp_gateway.errors import VariableError, did_you_mean

__all__ = ["refuse_unknown_variables", "unreadable", "wrong_variables"]

_OF_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$")
"""What Kubernetes tells every container of a Service, which may be called csp-gateway."""
_NO_SETTINGS = (
    "CSP_GATEWAY_BEARER",
    "CSP_GATEWAY_BUILD_UI",
    "CSP_GATEWAY_RANDOM",
    "CSP_GATEWAY_STRESS_SECONDS",
    "CSP_GATEWAY_TOKEN",
    "CSP_GATEWAY_URL",
)
"""Variables that the build, the tests and the console read."""
_KINDS: Mapping[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}
_LISTED = 'a list in JSON, such as ["a", "b"]'
_UNREADABLE = re.compile(r'field "(\w+)"')
_LONGEST_SHOWN = 80


def refuse_unknown_variables(prefix: str, known: Iterable[str]) -> None:
    """Hold that every variable of the prefix is a setting's.

    Raises:
        VariableError: one is not; the nearest that is one is named. What it says is not told: it may be a secret.
    """
    variables = [f"{prefix}{name}" for name in known]
    for name in sorted(os.environ) if prefix else ():
        if _OF_KUBERNETES.search(name):
            continue
        if name.upper().startswith(prefix) and name not in variables and name not in _NO_SETTINGS:
            near = did_you_mean(name, variables)
            raise VariableError(f"there is no setting for the environment variable {name!r}; {near}")


def wrong_variables(
    error: ValidationError, given: Collection[str], prefix: str, fields: Mapping[str, FieldInfo]
) -> VariableError | None:
    """What is wrong with variables among what is wrong with settings; None if it is all with what was ``given``."""
    faults = {str(fault["loc"][0]): fault["msg"] for fault in error.errors() if fault["loc"]}
    told = [
        _told(f"{prefix}{name}", fields[name], said)
        for name, said in faults.items()
        if name not in given and name in fields and f"{prefix}{name}" in os.environ
    ]
    return VariableError("; ".join(told)) if told else None


def unreadable(error: Exception, prefix: str, fields: Mapping[str, FieldInfo]) -> VariableError:
    """The same of one whose text is no JSON, and has to be."""
    named = _UNREADABLE.search(str(error))
    if named is None or named[1] not in fields:
        return VariableError(f"an environment variable {prefix}… cannot be read: {error}")
    return VariableError(_told(f"{prefix}{named[1]}", fields[named[1]], "it is no JSON"))


def _told(variable: str, field: FieldInfo, said: str) -> str:
    kind = _KINDS.get(field.annotation)
    value = "" if _is_secret(field.annotation) else f" says {os.environ.get(variable, '')[:_LONGEST_SHOWN]!r}"
    if kind is not None:
        should = f"it should be {kind}{_bounds(field.metadata)}"
    else:
        listed = f"it should be {_LISTED}; " if get_origin(field.annotation) is list else ""
        said = said.removeprefix("Value error, ")
        should = f"{listed}{said[:1].lower()}{said[1:]}"
    return f"the environment variable {variable}{value}: {should}"


def _is_secret(annotation: Any) -> bool:
    """Whether a value of this type is not to be shown, or a part of it."""
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, Secret | SecretStr | SecretBytes):
        return True
    return any(map(_is_secret, get_args(annotation)))


def _bounds(metadata: Iterable[Any]) -> str:
    """The bounds of a number among a field's constraints, in words."""
    found = {name: getattr(each, name) for each in metadata for name in ("ge", "gt", "le") if hasattr(each, name)}
    if "ge" in found and "le" in found:
        return f" from {found['ge']} to {found['le']}"
    words = {"ge": "of at least", "gt": "above", "le": "of at most"}
    return "".join(f" {words[name]} {limit}" for name, limit in found.items())
