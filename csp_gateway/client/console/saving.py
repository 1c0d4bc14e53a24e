"""Answers in the formats of other programs: JSON, JSON a line, CSV, Arrow, Parquet; to stdout, or to a file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from csp_gateway.client.console.cells import flat
from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.extras import needed
from csp_gateway.errors import did_you_mean

__all__ = ["Format", "format_of", "save"]

_ENDINGS = {
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".parquet": "parquet",
}


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"

    @property
    def is_columns(self) -> bool:
        """Whether it is bytes, which pyarrow writes."""
        return self in (Format.ARROW, Format.PARQUET)


def format_of(said: Format | None, file: Path | None, *, as_json: bool, on_terminal: bool) -> Format:
    """The format that is meant: the one that is said, or that of the file's name, or a table.

    Raises:
        WrongUsage: a file of this name may be of any; or a terminal cannot show it.
    """
    if said is None and file is not None and not as_json:
        ending = _ENDINGS.get(file.suffix.lower())
        if ending is None:
            near = did_you_mean(file.suffix, _ENDINGS) if file.suffix else f"known: {', '.join(_ENDINGS)}"
            raise WrongUsage(f"the name {file.name!r} does not say a format; {near}; or say --format")
        return Format(ending)
    found = said or (Format.JSON if as_json else Format.TABLE)
    if found is Format.TABLE and file is not None:
        raise WrongUsage("a table is for a terminal or a pipe: say another --format, or a name such as x.csv")
    if found.is_columns and file is None and on_terminal:
        raise WrongUsage(f"a terminal cannot show {found}: say -o FILE, or send it through a pipe")
    return found


def save(answer: Any, form: Format, file: Path | None) -> int | None:
    """Write an answer; the bytes of the file, if it went to one.

    Args:
        answer: what JSON says; for a format of columns, a pyarrow table.

    Raises:
        OSError: it cannot be written there.
        ImportError: the format needs a package that is not installed.
    """
    with _opened(file) as out:
        _WRITERS[form](answer, out)
        out.flush()
    return None if file is None else file.stat().st_size


@contextlib.contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO]:
    """Where to write; a file is there when all of it is written, and not before."""
    if file is None:
        yield sys.stdout.buffer
        return
    if file.exists() and not file.is_file():  # such as /dev/null
        with open(file, "wb") as special:
            yield special
        return
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(unfinished, "xb") as written:
            yield written
        unfinished.replace(file)
    except OSError as error:
        error.filename = str(file) if error.filename == str(unfinished) else error.filename
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def _json(answer: Any, out: BinaryIO) -> None:
    out.write(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace"))
    out.write(b"\n")


def _ndjson(answer: Any, out: BinaryIO) -> None:
    for record in answer:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        out.write(f"{line}\n".encode(errors="backslashreplace"))


def _csv(answer: Any, out: BinaryIO) -> None:
    rows = [flat(record) for record in answer]
    text = io.TextIOWrapper(out, "utf-8", errors="replace", newline="", write_through=True)
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    if writer.fieldnames:
        writer.writeheader()
    writer.writerows({name: _csv_value(value) for name, value in row.items()} for row in rows)
    text.detach()


def _csv_value(value: Any) -> Any:
    """A list or dict as JSON, true and false as JSON has them; None is an empty field."""
    plain = value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))
    return value if plain else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _arrow(answer: Any, out: BinaryIO) -> None:
    ipc = needed("pyarrow.ipc", "the format arrow")
    with ipc.new_stream(out, answer.schema) as writer:
        writer.write_table(answer)


def _parquet(answer: Any, out: BinaryIO) -> None:
    needed("pyarrow.parquet", "the format parquet").write_table(answer, out)


_WRITERS: dict[Format, Callable[[Any, BinaryIO], None]] = {
    Format.JSON: _json,
    Format.NDJSON: _ndjson,
    Format.CSV: _csv,
    Format.ARROW: _arrow,
    Format.PARQUET: _parquet,
}
