"""What the OpenAPI document says of refusals: of every operation the same, whoever wrote the route."""

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import models_json_schema

from csp_gateway.server.web.problem import PROBLEM_TYPE, Problem, ValidationProblem

__all__ = ["document_refusals"]

_PREFIX = "#/components/schemas/"
_OF_ALL = {
    "400": "The gateway does not answer to this host name, or the request cannot be read",
    "403": "Pages of this origin may not do this, or whoever asks may not",
    "422": "The request is not valid",
    "500": "The gateway or a module failed; its log has the traceback",
    "503": "The engine has ended, or is about to; or too many requests are in progress",
    "504": "The request was not answered in time",
}
"""What stands before every route may answer."""
_OF_BODIES = {
    "413": "The body is larger than `MAX_BODY_BYTES`",
    "415": "The body is encoded, and is only read as it is",
}
_PROBES = ("/livez", "/readyz")
_OF_NEXT = {"429": "Too many requests wait for a tick"}


def document_refusals(schema: dict[str, Any], most_seconds: Callable[[str], float]) -> None:
    """Say of each operation what it may refuse with, in problem details, and that it has a deadline.

    Args:
        schema: an OpenAPI document, changed in place; what it says of a refusal already stays.
        most_seconds: that a request to a path may take.
    """
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            if path in _PROBES:
                continue  # answered before all that refuses
            _refusals_of(operation, waits="/next/" in path and not path.endswith("/next/"))
            _deadline_of(operation, most_seconds(path))
    for ours in ("HTTPValidationError", "ValidationError"):
        if f'"{_PREFIX}{ours}"' not in str(schema["paths"]).replace("'", '"'):
            components.pop(ours, None)
    modes = [(Problem, "serialization"), (ValidationProblem, "serialization")]
    _, definitions = models_json_schema(modes, ref_template=_PREFIX + "{model}")  # type: ignore[arg-type]
    components.update(definitions["$defs"])
    schema["components"]["schemas"] = dict(sorted(components.items()))


def _refusals_of(operation: dict[str, Any], *, waits: bool) -> None:
    responses = operation["responses"]
    of_some = {**(_OF_BODIES if "requestBody" in operation else {}), **(_OF_NEXT if waits else {})}
    for status, when in {**_OF_ALL, **of_some}.items():
        responses.setdefault(status, {"description": when})
    for status, response in responses.items():
        if status.startswith(("4", "5")) and not _is_a_users_own(response):
            model = ValidationProblem if status == "422" else Problem
            response["content"] = {PROBLEM_TYPE: {"schema": {"$ref": _PREFIX + model.__name__}}}
    operation["responses"] = dict(sorted(responses.items()))


def _is_a_users_own(response: dict[str, Any]) -> bool:
    """Whether a route has a body of its own for a refusal, which its endpoint then answers by itself."""
    told = response.get("content", {}).get("application/json", {}).get("schema", {})
    name = told.get("$ref", "").removeprefix(_PREFIX)
    return bool(name) and name not in ("HTTPValidationError", "Problem", "ValidationProblem")


def _deadline_of(operation: dict[str, Any], most: float) -> None:
    parameters = operation.setdefault("parameters", [])
    if not any(each["name"] == "timeout" and each["in"] == "query" for each in parameters):
        text = f"Seconds until the answer is 504, if it has not begun. Absent: {most:g}."
        seconds = {"type": "number", "exclusiveMinimum": 0, "maximum": most, "examples": [most], "title": "Timeout"}
        parameters.append({"name": "timeout", "in": "query", "required": False, "description": text, "schema": seconds})
