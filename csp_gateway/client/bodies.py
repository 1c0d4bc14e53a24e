"""What is sent, as bodies of JSON: records, frames and streams of them, a bounded portion at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from csp_gateway.client.frame_rows import is_frame, rows_of
from csp_gateway.client.sayable import encoded, is_record, key_of
from csp_gateway.client.shapes import shape_of
from csp_gateway.errors import WrongArgumentError

__all__ = ["MOST_BYTES", "MOST_RECORDS", "Body", "batches", "counted"]

MOST_RECORDS = 10_000
"""Records of one portion; a gateway takes 100,000 at once, if nothing else waits for its engine."""
MOST_BYTES = 4 << 20
"""Bytes of one portion, unless one record has more; a gateway takes 16 MiB, if it is not set otherwise."""

_ROWS = ("Series", "Pandas")
"""What pandas and polars give for a row or a column, and JSON would have as a list; the second is ``itertuples``'."""


class Body(NamedTuple):
    """A portion of what is sent, and how many records it has."""

    content: bytes
    records: int


def batches(data: Any, name: str = "data", **options: Any) -> Iterator[bytes]:
    """What is to be sent, as bodies: the same as ``counted``, without the numbers of records."""
    for body in counted(data, name, **options):
        yield body.content


def counted(
    data: Any,
    name: str = "data",
    *,
    whole: bool = False,
    keyed: bool = False,
    most_records: int = MOST_RECORDS,
    most_bytes: int = MOST_BYTES,
    schema: Mapping[str, Any] | None = None,
) -> Iterator[Body]:
    """What is to be sent, as bodies; each is made when it is asked for, and no two are held.

    There is always one: of no records ``[]``, so that the gateway still says whether it would take them.

    Args:
        data: a record, which is a struct, a pydantic model, a dataclass or a mapping; an iterable of records, which is
            read as it is sent; a frame of pandas or polars, or an Arrow table, of which each row is a record without
            what is missing, and a column ``leg.price`` the field of a struct ``leg``.
        name: what the data is called in errors: the channel's name.
        whole: send all at once, whatever it is: a list channel ticks once with each body.
        keyed: it is a mapping key → record, or key → records: one tick of a basket, and so one body.
        schema: of a record, references resolved; where it has only objects or arrays, a frame may have their JSON.

    Raises:
        WrongArgumentError: something in it cannot be said in JSON; the message says where. What came before may be
            sent.
    """
    if keyed:
        yield _keyed(data, name, schema)
    elif is_record(data):
        yield Body(encoded(data, name), 1)
    else:
        records = _records(data, name, schema)
        yield from [_array(list(records))] if whole else _portions(records, most_records, most_bytes)


def _records(data: Any, name: str, schema: Mapping[str, Any] | None) -> Iterator[bytes]:
    if is_frame(data):
        data = rows_of(data, name, None if schema is None else shape_of(schema).fields)
    elif isinstance(data, str | bytes | bytearray) or not isinstance(data, Iterable) or isinstance(data, type):
        raise WrongArgumentError(
            f'{name}: cannot be sent: {type(data)!r} is no record, such as {{"x": 1}}, and no iterable of records'
        )
    elif type(data).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow"):
        raise WrongArgumentError(
            f"{name}: cannot be sent: {type(data)!r} is no frame; make one of it, as collect() does of a LazyFrame"
        )
    for i, record in enumerate(data):
        if type(record).__name__ in _ROWS and not is_record(record):
            what = f"{name}[{i}]: cannot be sent: {type(record)!r}"
            raise WrongArgumentError(f"{what} is no record; send the frame itself, or dicts of its rows")
        yield encoded(record, f"{name}[{i}]")


def _array(records: list[bytes]) -> Body:
    return Body(b"[" + b",".join(records) + b"]", len(records))


def _portions(records: Iterator[bytes], most_records: int, most_bytes: int) -> Iterator[Body]:
    portion: list[bytes] = []
    size = 2
    sent = False
    for record in records:
        if portion and (len(portion) >= most_records or size + len(record) + 1 > most_bytes):
            yield _array(portion)
            sent, portion, size = True, [], 2
        portion.append(record)
        size += len(record) + 1
    if portion or not sent:
        yield _array(portion)


def _keyed(data: Any, name: str, schema: Mapping[str, Any] | None) -> Body:
    if not isinstance(data, Mapping):
        raise WrongArgumentError(f"{name}: cannot be sent: a basket takes a mapping key → record, not {type(data)!r}")
    parts = {}
    count = 0
    for key, value in data.items():
        spelled = key_of(key, name)
        where = f"{name}[{spelled!r}]"
        said = Body(encoded(value, where), 1) if is_record(value) else _array(list(_records(value, where, schema)))
        parts[spelled] = encoded(spelled, name) + b":" + said.content
        count += said.records
    if len(parts) < len(data):
        raise WrongArgumentError(f"{name}: two keys read alike in JSON: {list(data)!r:.200}")
    return Body(b"{" + b",".join(parts.values()) + b"}", count)
