"""Perspective's requests: what is asked, of which table or view, and whether it only reads.

A request is a protobuf message of ``msg_id`` (1), ``entity_id`` (2) and one further field, whose number says what is
asked. The numbers are those of perspective-python 5.6.1; ``tests/…/test_protocol.py`` holds them against its client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "DROP_VIEW",
    "MAKE_PORT",
    "MAKE_VIEW",
    "OF_A_VIEW",
    "READS",
    "UNWATCH",
    "WATCH",
    "Request",
    "UnreadableRequest",
    "answered",
    "failure",
    "port",
    "read",
]

MAKE_PORT = 5
MAKE_VIEW = 6
DROP_VIEW = 11

OF_A_VIEW = {
    10: "column_paths",
    DROP_VIEW: "delete",
    12: "dimensions",
    13: "expression_schema",
    14: "get_config",
    15: "schema",
    16: "to_arrow",
    18: "collapse",
    19: "expand",
    20: "get_min_max",
    21: "on_update",
    22: "remove_update",
    23: "set_depth",
    24: "to_columns",
    25: "to_csv",
    26: "to_json",
    34: "on_delete",
    35: "remove_delete",
    36: "to_ndjson",
    39: "on_remove",
    40: "remove_remove",
}
"""What can be asked of a view. It changes the view at most, and a view belongs to who made it."""

READS = OF_A_VIEW | {
    3: "get_features",
    4: "get_hosted_tables",
    MAKE_VIEW: "view",
    7: "schema",
    8: "size",
    17: "system_info",
    29: "on_delete",
    30: "remove_delete",
    37: "remove_hosted_tables_update",
    41: "describe",
}
"""What may be asked. Not among them: to make a table (27) or join tables (38), and to update (33), replace or clear
(32), remove rows of (31) or delete (28) one; nor anything a later version may add."""

WATCH = {4, 21, 29, 34, 39}
"""What may ask to be told of changes."""
UNWATCH = {22, 30, 35, 37, 40}
"""What asks to be told no longer."""

_ID, _ENTITY, _ERROR = 1, 2, 50
_VARINT, _BYTES = 0, 2


class UnreadableRequest(ValueError):
    """The message is not a request of Perspective's."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a viewer asks."""

    msg_id: int
    entity: str
    """The name of a table, the id of a view, or nothing."""
    verb: int
    """The number of the field that says what is asked."""
    body: bytes

    @property
    def view_id(self) -> str:
        """The id a viewer gives the view it asks for.

        Raises:
            UnreadableRequest: there is none, or more than one.
        """
        ids = [value for number, value in _fields(self.body) if number == 1]
        if len(ids) != 1 or not isinstance(ids[0], bytes) or not ids[0]:
            raise UnreadableRequest("a view is asked for without an id")
        return _text(ids[0])

    @property
    def watches(self) -> bool:
        """Whether it asks to be told of changes; of the list of tables, it does so only if it says so."""
        return self.verb in WATCH and (self.verb != 4 or bool(self.body))


def read(message: bytes) -> Request:
    """Read a request. What protobuf would read in two ways — a field given twice, say — is refused.

    Raises:
        UnreadableRequest: the message is not one request.
    """
    fields = dict[int, int | bytes]()
    for number, value in _fields(message):
        if number in fields:
            raise UnreadableRequest(f"field {number} is given twice")
        fields[number] = value
    msg_id = fields.pop(_ID, 0)
    entity = fields.pop(_ENTITY, b"")
    if len(fields) != 1:
        raise UnreadableRequest(f"one question is expected, not {len(fields)}")
    verb, body = fields.popitem()
    if not isinstance(msg_id, int) or not isinstance(entity, bytes) or not isinstance(body, bytes):
        raise UnreadableRequest("a field has another type")
    return Request(msg_id, _text(entity), verb, body)


def failure(request: Request, why: str) -> bytes:
    """The answer that the viewer's client raises as an error."""
    return _envelope(request) + _field(_ERROR, _field(1, why.encode()))


def port(request: Request, number: int) -> bytes:
    """The answer to ``make_port``."""
    return _envelope(request) + _field(MAKE_PORT, _key(1, _VARINT) + _varint(number))


def answered(message: bytes) -> tuple[int, bool]:
    """Of an answer: which request it answers, and whether that failed. What it carries is not looked at."""
    msg_id, failed = 0, False
    for number, value in _fields(message):
        if number == _ID and isinstance(value, int):
            msg_id = value
        elif number != _ENTITY:
            failed = number == _ERROR
    return msg_id, failed


def _envelope(request: Request) -> bytes:
    return _key(_ID, _VARINT) + _varint(request.msg_id) + _field(_ENTITY, request.entity.encode())


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message; of all kinds, requests have only two."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, kind = key >> 3, key & 7
        if key > 0xFFFFFFFF or number == 0:
            raise UnreadableRequest(f"{key} is no field")
        value, at = _read_varint(message, at)
        if kind == _VARINT:
            yield number, value
        elif kind == _BYTES:
            if at + value > len(message):
                raise UnreadableRequest("the message ends within a field")
            yield number, message[at : at + value]
            at += value
        else:
            raise UnreadableRequest(f"field {number} is of a kind no request has")


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise UnreadableRequest("the message ends within a number")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _field(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UnreadableRequest("a name is not UTF-8") from None
