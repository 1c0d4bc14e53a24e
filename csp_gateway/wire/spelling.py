"""Errors of pydantic's, spelled for who wrote the query: each place that is wrong, and why."""

from pydantic import ValidationError

__all__ = ["spelled"]

_ERRORS_AT_MOST = 3


def spelled(error: ValidationError) -> str:
    """The errors in one sentence, the first few of them."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{_place(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in errors[:_ERRORS_AT_MOST]]
    more = f"; and {len(errors) - _ERRORS_AT_MOST} more" if len(errors) > _ERRORS_AT_MOST else ""
    return f"not a query: {'; '.join(said)}{more}"


def _place(loc: tuple[int | str, ...]) -> str:
    """Where in a query: ``filters[0].by.where: ``."""
    # Pydantic also names which filter it took the part for, as ``<and>``.
    parts = [part for part in loc if isinstance(part, int) or not part.startswith("<")]
    spelling = "".join(f"[{part}]" if isinstance(part, int) else f".{part:.80}" for part in parts)
    return f"{spelling.removeprefix('.')}: " if spelling else ""
