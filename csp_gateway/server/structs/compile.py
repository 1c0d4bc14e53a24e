"""Source text made into a function that reads well in a traceback and in a debugger."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Names", "compile_function", "source_of"]


class Names:
    """The objects a generated function refers to, each under a name of its own."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def keep(self, name: str, value: Any) -> str:
        """The name under which ``value`` is known: ``name``, or one like it when that is taken by another."""
        free = name
        while self.values.setdefault(free, value) is not value:
            free += "_"
        return free


def compile_function(name: str, lines: list[str], names: Mapping[str, Any], *, owner: str) -> Callable[..., Any]:
    """The function ``name`` defined by ``lines``.

    Args:
        name: the function that ``lines`` define.
        lines: its source, unindented.
        names: what the source may refer to.
        owner: whose function it is; shown as the file name in tracebacks: ``<encode of app.Quote>``.
    """
    source = "\n".join(lines) + "\n"
    filename = f"<{owner}>"
    scope: dict[str, Any] = dict(names)
    exec(compile(source, filename, "exec"), scope)
    # A line cache entry without a modification time is kept: tracebacks and debuggers then show the generated lines.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    function: Callable[..., Any] = scope[name]
    return function


def source_of(function: Callable[..., Any]) -> str:
    """The source a function made by ``compile_function`` was made from."""
    return "".join(linecache.getlines(function.__code__.co_filename))
