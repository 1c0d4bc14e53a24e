"""Saved layouts: arrangements of tables on the page, kept as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["checked_layouts"]


def checked_layouts(layouts: Mapping[str, str]) -> dict[str, str]:
    """The layouts, each of them a JSON object as the page's "save layout" makes it.

    Raises:
        ValueError: naming the layout that is not one, and where its text breaks.
    """
    for name, text in layouts.items():
        try:
            layout = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"layout {name!r} is not JSON: {error}") from None
        if not isinstance(layout, dict):
            raise ValueError(f"layout {name!r} is a JSON {type(layout).__name__}, not an object")
    return dict(layouts)
