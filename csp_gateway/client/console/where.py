"""Filters as somebody at a command line writes them: ``price > 10 and not (side = 'BUY' or venue is null)``.

::

    filter     := condition | filter and filter | filter or filter | not filter | ( filter )
    condition  := path op value | path [not] in ( value, … ) | path [not] between value and value
                | path [not] like 'pattern' | path is [not] null
    op         := = | == | != | <> | < | <= | > | >=
    value      := number | 'text' | "text" | true | false | path            another field of the record
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from csp_gateway.client.console.failures import WrongUsage

__all__ = ["filters_of"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<name>[^\W\d]\w*(?:\.\w+)*)
      | (?P<sign><=|>=|<>|!=|==|[=<>(),])
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=": "==", "==": "==", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS = {"and", "or", "not", "in", "between", "like", "is", "null", "true", "false"}
_DEEPEST = 50
"""Brackets and ``not`` within one another."""


def filters_of(text: str) -> list[dict[str, Any]]:
    """The filters of a query: from JSON, a filter or an array of them, or from an expression.

    >>> filters_of("price > 10 and side = 'BUY'")[0]["attr"]
    'price'
    >>> filters_of('[{"attr": "price", "by": {"value": 10, "where": ">"}}]')[0]["by"]["where"]
    '>'

    Raises:
        WrongUsage: it cannot be read; the message shows where.
    """
    if text.lstrip().startswith(("{", "[")):
        try:
            given = json.loads(text)
        except ValueError as error:
            raise WrongUsage(f"--where is no JSON: {error}") from None
        return given if isinstance(given, list) else [given]
    found = _Reader(text).expression()
    return list(found["and"]) if "and" in found else [found]


class _Reader:
    """Reads one expression, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._kind, self._token = "", ""
        self._next()

    def expression(self) -> dict[str, Any]:
        found = self._either()
        if self._kind:
            raise self._fault("`and` or `or`")
        return found

    def _either(self) -> dict[str, Any]:
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        return {"or": parts} if len(parts) > 1 else parts[0]

    def _all(self) -> dict[str, Any]:
        parts = [self._one()]
        while self._word("and"):
            parts.append(self._one())
        return {"and": parts} if len(parts) > 1 else parts[0]

    def _one(self) -> dict[str, Any]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise WrongUsage(f"--where is nested more than {_DEEPEST} deep")
        if self._word("not"):
            found = {"not": self._one()}
        elif self._sign("("):
            found = self._either()
            self._expect(")")
        else:
            found = self._condition()
        self._depth -= 1
        return found

    def _condition(self) -> dict[str, Any]:
        attr = self._path()
        if self._word("is"):
            wanted = not self._word("not")
            if not self._word("null"):
                raise self._fault("`null`")
            return {"attr": attr, "by": {"is_null": wanted}}
        if self._kind == "sign" and self._token in _COMPARISONS:
            where = _COMPARISONS[self._next()]
            return {"attr": attr, "by": {**self._compared(), "where": where}}
        negated = self._word("not")
        found = {"attr": attr, "by": self._asked()}
        return {"not": found} if negated else found

    def _asked(self) -> dict[str, Any]:
        if self._word("in"):
            self._expect("(")
            values = [self._value()]
            while self._sign(","):
                values.append(self._value())
            self._expect(")")
            return {"in": values}
        if self._word("between"):
            lowest = self._value()
            if not self._word("and"):
                raise self._fault("`and`")
            return {"between": [lowest, self._value()]}
        if self._word("like"):
            return {"like": self._value()}
        raise self._fault("a comparison: =, !=, <, <=, >, >=, in, between, like or is null")

    def _compared(self) -> dict[str, Any]:
        if self._kind == "name" and self._token.lower() not in _WORDS:
            return {"attr": self._path()}
        value = self._value()
        return {"when" if _is_moment(value) else "value": value}

    def _value(self) -> Any:
        kind, token = self._kind, self._token
        if kind == "number":
            self._next()
            return float(token) if set(token) & set(".eE") else int(token)
        if kind == "text":
            self._next()
            return token[1:-1].replace(token[0] * 2, token[0])
        if kind == "name" and token.lower() in ("true", "false"):
            self._next()
            return token.lower() == "true"
        raise self._fault("a number, a 'text', true or false")

    def _path(self) -> str:
        if self._kind != "name" or self._token.lower() in _WORDS:
            raise self._fault("the name of a field")
        return self._next()

    def _word(self, word: str) -> bool:
        return self._is("name", word) and bool(self._next())

    def _sign(self, sign: str) -> bool:
        return self._is("sign", sign) and bool(self._next())

    def _is(self, kind: str, token: str) -> bool:
        return self._kind == kind and self._token.lower() == token

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise self._fault(f"`{sign}`")

    def _next(self) -> str:
        """Take the token that is next, and look at the one behind it."""
        taken = self._token
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            rest = self._text[self._at :].lstrip()
            self._kind, self._token = ("unknown" if rest else ""), rest
        else:
            self._at = found.end()
            self._kind = str(found.lastgroup)
            self._token = found[self._kind]
        return taken

    def _fault(self, wanted: str) -> WrongUsage:
        if not self._kind:
            return WrongUsage(f"--where ends too early: there should be {wanted}")
        return WrongUsage(f"--where cannot be read: where {self._token[:40]!r} stands, there should be {wanted}")


def _is_moment(value: Any) -> bool:
    """Whether a text is a date and a time, as a field of times is compared with."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
