"""What the OpenAPI document says of refusals: of every operation the same, whoever wrote the route."""

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
_OF_BODIES = {"413": "The body is larger than `MAX_BODY_BYTES`"}
_TIMEOUT = {
    "name": "timeout",
    "in": "query",
    "required": False,
    "description": "Seconds until the answer is 504, unless it has begun before. Absent: by the settings.",
    "schema": {"type": "number", "exclusiveMinimum": 0, "title": "Timeout"},
}


def document_refusals(schema: dict[str, Any]) -> None:
    """Say of each operation what it may refuse with, in problem details, and that it has a deadline.

    Args:
        schema: an OpenAPI document, changed in place; what it says of a refusal already stays.
    """
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for path in schema["paths"].values():
        for operation in path.values():
            if "Health" in operation.get("tags", ()):
                continue  # answered before all that refuses
            _refusals_of(operation)
            _deadline_of(operation)
    for ours in ("HTTPValidationError", "ValidationError"):
        if f'"{_PREFIX}{ours}"' not in str(schema["paths"]).replace("'", '"'):
            components.pop(ours, None)
    modes = [(Problem, "serialization"), (ValidationProblem, "serialization")]
    _, definitions = models_json_schema(modes, ref_template=_PREFIX + "{model}")  # type: ignore[arg-type]
    components.update(definitions["$defs"])
    schema["components"]["schemas"] = dict(sorted(components.items()))


def _refusals_of(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status, when in {**_OF_ALL, **(_OF_BODIES if "requestBody" in operation else {})}.items():
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


def _deadline_of(operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    if not any(each["name"] == "timeout" and each["in"] == "query" for each in parameters):
        parameters.append(_TIMEOUT)
