"""Ticks as rows: in JSON one of each tick, in columns one of each record."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, islice

import pyarrow as pa

from csp_gateway.server.channels import Tick
from csp_gateway.server.structs import LAYOUTS, GatewayStruct
from csp_gateway.server.structs.tabular import StructRows

__all__ = ["TickRows"]

_OFFSETS, _TIMES = LAYOUTS[int], LAYOUTS[datetime]
_OWN = [pa.field("offset", _OFFSETS.kind), pa.field("time", _TIMES.kind)]
_AT_ONCE = 250
"""Ticks that are written between two looks at whether anybody still wants them."""


class TickRows:
    """``Tabular``: the ticks of one channel, each with its offset and time.

    A JSON row is ``{"offset", "time", "value"}``, and ``value`` the record, or all of a list channel's. In columns,
    ``offset`` and ``time`` stand before the record's own; one of those that is called the same is ``value.offset`` or
    ``value.time``. A list has a row for each of its records there, and none if it is empty.
    """

    def __init__(self, struct: type[GatewayStruct], ticks: Sequence[Tick], *, listed: bool) -> None:
        self._ticks = ticks
        self._listed = listed
        records = list(chain.from_iterable(tick.value for tick in ticks)) if listed else [tick.value for tick in ticks]
        self._records = StructRows(struct, records)
        taken = {field.name for field in _OWN}
        fields = [each.with_name(f"value.{each.name}") if each.name in taken else each for each in self._records.schema]
        self.schema = pa.schema([*_OWN, *fields])

    def __len__(self) -> int:
        return len(self._ticks)

    def json_rows(self) -> Iterator[list[bytes]]:
        """The ticks as JSON objects, in order, some at a time."""
        records = chain.from_iterable(self._records.json_rows())
        for start in range(0, len(self._ticks), _AT_ONCE):
            yield [
                b'{"offset":%d,"time":"%b","value":%b}'
                % (tick.offset, tick.time.isoformat().encode(), self._value(tick, records))
                for tick in self._ticks[start : start + _AT_ONCE]
            ]

    def _value(self, tick: Tick, records: Iterator[bytes]) -> bytes:
        return b"[%b]" % b",".join(islice(records, len(tick.value))) if self._listed else next(records)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The records in columns."""
        places = ((tick.offset, tick.time) for tick in self._ticks for _ in (tick.value if self._listed else (0,)))
        for batch in self._records.batches():
            some = list(islice(places, batch.num_rows))
            offsets = _OFFSETS.array([offset for offset, _ in some], gaps=False)
            times = _TIMES.array([time for _, time in some], gaps=False)
            yield pa.RecordBatch.from_arrays([offsets, times, *batch.columns], schema=self.schema)
