"""Errors of pydantic's, spelled for who wrote the query: each place that is wrong, and why."""

import json
import reprlib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

__all__ = ["spelled"]

_ERRORS_AT_MOST = 3
_FILTER = {"attr": "price", "by": {"value": 10, "where": ">"}}
_SHAPES: Mapping[str, str] = {
    "list_type": "a list",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "an object"),
    "string_type": "a text",
}
"""What pydantic says is wrong with the shape of a part → what it has to be."""
_EXAMPLES: Mapping[str, Any] = {
    **{name: [_FILTER] for name in ("filters", "and", "or")},
    "not": _FILTER,
    "by": _FILTER["by"],
    **{name: ["symbol", "price"] for name in ("select", "order_by", "group_by")},
    "aggregates": {"n": {"count": "*"}},
    "in": [1, 2],
    "between": [1, 2],
    "attr": "price",
    "like": "A%",
}
"""By its name, how a part is written."""


def spelled(error: ValidationError) -> str:
    """The errors in one sentence, the first few of them."""
    errors = error.errors(include_url=False, include_context=False)
    said = [f"{_place(each['loc'])}{_message(each)}" for each in errors[:_ERRORS_AT_MOST]]
    more = f"; and {len(errors) - _ERRORS_AT_MOST} more" if len(errors) > _ERRORS_AT_MOST else ""
    return f"not a query: {'; '.join(said)}{more}"


def _message(error: Mapping[str, Any]) -> str:
    """What is wrong; of another shape, how it is written and what was given."""
    shape = _SHAPES.get(error["type"])
    if shape is None or not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    *_, name = _parts(error["loc"])
    example = _EXAMPLES.get(name) if isinstance(name, str) else _one_of(_parts(error["loc"]))
    such_as = f", such as {json.dumps(example)}" if example is not None else ""
    return f"Input should be {shape}{such_as}, not {reprlib.repr(error['input'])}"


def _one_of(parts: list[int | str]) -> Any:
    """How one of a list is written, by the name of the list."""
    of = next((part for part in reversed(parts) if isinstance(part, str)), "")
    example = _EXAMPLES.get(of)
    return example[0] if isinstance(example, list) else None


def _place(loc: tuple[int | str, ...]) -> str:
    """Where in a query: ``filters[0].by.where: ``."""
    spelling = "".join(f"[{part}]" if isinstance(part, int) else f".{part:.80}" for part in _parts(loc))
    return f"{spelling.removeprefix('.')}: " if spelling else ""


def _parts(loc: tuple[int | str, ...]) -> list[int | str]:
    # Pydantic also names which filter it took the part for, as ``<and>``.
    return [part for part in loc if isinstance(part, int) or not part.startswith("<")]
