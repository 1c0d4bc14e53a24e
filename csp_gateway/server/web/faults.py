"""What is wrong with a request, as pydantic has it, said so that whoever sent it knows what to send instead."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from csp_gateway.errors import one_of
from csp_gateway.server.web.media_type import not_json, says_json

__all__ = ["plainly"]

_CHOICES = ("literal_error", "enum")
_NO_OBJECT = ("dict_type", "model_attributes_type", "model_type")
_CHOICE = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_BETWEEN = re.compile("(, | or )*")
_NOTHING = "none_required"
"""Says that None would do, which no URL can say."""


def plainly(faults: Iterable[Mapping[str, Any]], content_type: str) -> list[dict[str, Any]]:
    """The same faults: of a choice with the nearest there is, and of a body that was not read with what to say of it.

    Args:
        content_type: what the request says that its body is.
    """
    told = [dict(fault) for fault in faults]
    for nothing in [fault for fault in told if fault["type"] == _NOTHING]:
        place = nothing["loc"][:-1]
        others = [fault for fault in told if fault is not nothing and fault["loc"][: len(place)] == place]
        if others:
            told.remove(nothing)
        if len(others) == 1:  # nothing else could have been meant, so that pydantic's name for it tells nothing
            others[0]["loc"] = (*place, *others[0]["loc"][len(place) + 1 :])
    return [_plain(fault, content_type) for fault in told]


def _plain(fault: dict[str, Any], content_type: str) -> dict[str, Any]:
    given = fault["input"]
    if tuple(fault["loc"]) == ("body",) and isinstance(given, bytes) and not says_json(content_type):
        # FastAPI does not read a body that is not said to be JSON, and blames it.
        return {"type": "json_type", "loc": fault["loc"], "msg": not_json(content_type), "input": given}
    if fault["type"] in _NO_OBJECT:
        return {**fault, "msg": "Input should be a JSON object"}
    choices = _choices(fault.get("ctx", {}).get("expected", "")) if fault["type"] in _CHOICES else []
    return {**fault, "msg": f"Input {one_of(given, choices)}"} if choices else fault


def _choices(expected: str) -> list[str]:
    """Those that pydantic lists in words; nothing if they are not all texts.

    >>> _choices("'a', 'b' or 'c'"), _choices("'a' or 1")
    (['a', 'b', 'c'], [])
    """
    found = [plain or quoted for plain, quoted in _CHOICE.findall(expected)]
    return found if _BETWEEN.fullmatch(_CHOICE.sub("", expected)) else []
