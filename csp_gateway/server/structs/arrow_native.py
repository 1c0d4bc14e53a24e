"""Fields of plain types as Arrow columns, which csp makes of many structs at once, without an object for each value."""

# A node's signature is csp's own language: type variables in quotes.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,name-defined,index"

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, List  # noqa: UP035  # csp reads typing.List

import csp
import numpy as np
import pyarrow as pa
from csp import ts

__all__ = ["NATIVE", "WORTH", "NativeReader"]

WORTH = 1_000
"""Structs from which on it is quicker: each time costs half a millisecond, for csp runs a graph to do it."""

NATIVE: Collection[type] = (bool, int, float, str, datetime)
"""Types of which csp makes just what a ``ScalarColumn`` does; of a ``csp.Enum``'s members it makes their names. It errs
at days before 1678, and at long spans of time."""

_THEN = datetime(2000, 1, 1)

logger = logging.getLogger(__name__)


class NativeReader:
    """Makes columns of some fields of a struct class. Any thread may call; one at a time is served.

    Args:
        cls: the struct class.
        names: fields of it, which are of the types ``NATIVE`` or of a ``csp.Enum``.
    """

    def __init__(self, cls: type, names: Collection[str]) -> None:
        self._cls = cls
        self._names = {name: name for name in names}
        self._turn = threading.Lock()
        self._graph: Any = None
        self._given: list[Sequence[Any]] = []

    def read(self, structs: Sequence[Any]) -> Mapping[str, pa.Array]:
        """Field → its column; null where it is unset. Nothing if csp cannot do it, or it is too little to be worth it.

        Args:
            structs: of just the class.
        """
        if len(structs) < WORTH or not self._names:
            return {}
        try:
            (batch,) = self._batches(structs)
        except Exception as error:  # such as 2 GB of text in one column: the way through Python says so better
            logger.debug("csp makes no Arrow of %s: %s", self._cls.__name__, error)
            return {}
        columns = zip(batch.schema.names, batch.columns, strict=True)
        return {name: _moments(column) if pa.types.is_timestamp(column.type) else column for name, column in columns}

    def _batches(self, structs: Sequence[Any]) -> list[pa.RecordBatch]:
        with self._turn:
            if self._graph is None:  # to build it takes longer than to run it
                self._graph = csp.build_graph(self._columns, starttime=_THEN, endtime=_THEN)
            self._given.append(structs)
            try:
                ((_, batches),) = csp.run(self._graph, starttime=_THEN, endtime=_THEN)[0]
            finally:
                self._given.clear()
        made: list[pa.RecordBatch] = batches
        return made

    def _columns(self) -> Any:
        to_batches = import_module("csp.adapters.arrow").struct_to_record_batches  # it loads Parquet too
        given = _told(csp.const(True), self._given, self._cls)
        return to_batches(given, self._cls, self._names, max_batch_size=0)


@csp.node(memoize=False)
def _told(now: ts[bool], given: object, cls: "T") -> ts[List["T"]]:  # noqa: F821, UP006
    if csp.ticked(now):
        return list(given[0])


def _moments(array: pa.Array) -> pa.Array:
    """Nanoseconds as the microseconds that csp tells Python: the one before, of what is between two."""
    assert not array.offset, "csp makes whole arrays"
    validity, ticks = array.buffers()
    micro = np.frombuffer(ticks, np.int64, len(array)) // 1_000
    return pa.Array.from_buffers(pa.timestamp("us"), len(array), [validity, pa.py_buffer(micro)])
