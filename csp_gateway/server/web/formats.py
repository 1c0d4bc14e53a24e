"""The five formats that rows are answered in: JSON, NDJSON, CSV, Arrow and Parquet, each written piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from fastapi import HTTPException, Request

from csp_gateway.server.web.accept import preferred
from csp_gateway.server.web.flat import flat
from csp_gateway.server.web.problem import UNKNOWN_PARAMETER, RefusedRequest

if TYPE_CHECKING:
    from csp_gateway.server.structs.tabular import Tabular

__all__ = ["Format", "documented_formats", "wanted_format"]

_OF_OTHERS = ("accept", "format", "output")
"""Parameters by which other APIs are told what this one is by a header."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format, under the media type that a request has asked for it by."""

    content_type: str
    pieces: Callable[[Tabular], Iterator[bytes]]
    """Writes rows, a piece of bytes at a time; to be called, and gone through, on a thread that may take its time."""


def wanted_format(request: Request) -> Format:
    """The format that a request accepts; JSON if it does not say.

    Raises:
        HTTPException: 406, naming those there are.
        RefusedRequest: 422, for one in the URL.
    """
    for name in _OF_OTHERS:
        if name in request.query_params:
            raise RefusedRequest(UNKNOWN_PARAMETER, f"{name}: the header Accept says how to answer: Accept: text/csv")
    accept = ",".join(request.headers.getlist("accept"))
    media_type = preferred(accept, list(_FORMATS))
    if media_type is None:
        raise HTTPException(
            406,
            f"No format of this answer is accepted by {accept[:200]!r}; there are {', '.join(_CANONICAL)}",
            headers={"vary": "Accept"},
        )
    return _FORMATS[media_type]


def documented_formats(headers: dict[str, str] | None = None) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of an answer in these formats, for a route's ``responses``.

    Args:
        headers: name → description, of what the route adds to its answer.
    """
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {each: {"schema": {"type": "string"}} if "/vnd." not in each else binary for each in _CANONICAL[1:]}
    described = {name: {"description": text, "schema": {"type": "string"}} for name, text in (headers or {}).items()}
    refusal = {"schema": {"type": "object", "properties": {"detail": {"type": "string"}}}}
    return {
        200: {"content": content, **({"headers": described} if described else {})},
        406: {
            "description": f"`Accept` names none of {', '.join(_CANONICAL)}",
            "content": {"application/json": refusal},
        },
    }


def _json(rows: Tabular) -> Iterator[bytes]:
    """An array, byte for byte as ``encode_many`` writes it."""
    before = b"["
    for some in rows.json_rows():
        if some:
            yield before + b",".join(some)
            before = b","
    yield b"]" if before == b"," else b"[]"


def _ndjson(rows: Tabular) -> Iterator[bytes]:
    for some in rows.json_rows():
        yield b"".join([line for row in some for line in (row, b"\n")])


# Arrow's CSV and Parquet are loaded by the first who asks for them, on the thread that may take its time.


def _csv(rows: Tabular) -> Iterator[bytes]:
    schema = flat(pa.Table.from_batches([], rows.schema)).schema  # Schema.empty_table imports pandas
    parts = (flat(pa.Table.from_batches([batch])) for batch in rows.batches())
    return _through(lambda sink: import_module("pyarrow.csv").CSVWriter(sink, schema), parts)


def _arrow(rows: Tabular) -> Iterator[bytes]:
    return _through(lambda sink: pa.ipc.new_stream(sink, rows.schema), rows.batches())


def _parquet(rows: Tabular) -> Iterator[bytes]:
    writer = import_module("pyarrow.parquet").ParquetWriter
    try:
        # Of no rows first: a type that Parquet has not is found before a byte is sent.
        empty = pa.Table.from_batches([], rows.schema)
        for _ in _through(lambda sink: writer(sink, rows.schema), iter([empty])):
            pass
    except pa.ArrowNotImplementedError as error:
        raise HTTPException(422, f"Parquet cannot hold this answer: {error}; ask for JSON, NDJSON or Arrow") from None
    yield from _through(lambda sink: writer(sink, rows.schema), rows.batches())


def _through(open_on: Callable[[Any], Any], parts: Iterator[Any]) -> Iterator[bytes]:
    """What one of Arrow's writers makes of batches or tables."""
    sink = _Sink()
    with open_on(pa.PythonFile(sink, "w")) as writer:
        yield sink.take()
        for part in parts:
            writer.write(part)
            yield sink.take()
    yield sink.take()


class _Sink:
    """A file that hands out what was written to it and keeps nothing."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def write(self, piece: Any) -> int:
        kept = bytes(piece)
        self._pieces.append(kept)
        self._at += len(kept)
        return len(kept)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


_NDJSON, _PARQUET = "application/x-ndjson", "application/vnd.apache.parquet"
# The dearest first; a name that is another's second one is answered under the name that was asked for.
_FORMATS = {
    "application/json": Format("application/json", _json),
    _NDJSON: Format(_NDJSON, _ndjson),
    "application/ndjson": Format("application/ndjson", _ndjson),
    "application/jsonl": Format("application/jsonl", _ndjson),
    "text/csv": Format("text/csv; charset=utf-8; header=present", _csv),
    "application/vnd.apache.arrow.stream": Format("application/vnd.apache.arrow.stream", _arrow),
    _PARQUET: Format(_PARQUET, _parquet),
    "application/x-parquet": Format("application/x-parquet", _parquet),
}
_CANONICAL = ["application/json", _NDJSON, "text/csv", "application/vnd.apache.arrow.stream", _PARQUET]
