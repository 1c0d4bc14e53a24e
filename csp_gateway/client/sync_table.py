"""Table: a state of a gateway as it is kept here, for programs without an event loop, and for threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from csp_gateway.client.background import Background
from csp_gateway.client.replica import Row
from csp_gateway.client.table import AsyncTable
from csp_gateway.client.widget import shown

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Table"]


class Table(Mapping[Hashable, Row]):
    """The records of a state by key: what stood when it was opened, and all that has changed since.

    ::

        with client.table("quotes") as table:
            table["ABC"]["bid"]
            table.to_polars()

    It is a mapping: the key is the value of the field that tells records apart, or a tuple where there are several; the
    record is as JSON has it. Whoever reads it has the records of one moment. If the connection is lost it comes back,
    and the records stay as they were: ``state`` says so. Any thread may read.
    """

    def __init__(self, background: Background, table: AsyncTable) -> None:
        self._background = background
        self._table = table

    def __getitem__(self, key: Hashable) -> Row:
        return self._table[key]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return repr(self._table)

    @property
    def rows(self) -> Mapping[Hashable, Row]:
        """All records of this moment; they are not changed any more."""
        return self._table.rows

    @property
    def offset(self) -> int | None:
        """Of the newest tick that is in it; None if there was none."""
        return self._table.offset

    @property
    def state(self) -> str:
        """``connecting``, ``connected``, ``lost`` or ``closed``: whether it follows."""
        return self._table.state

    @property
    def keyby(self) -> tuple[str, ...]:
        """The fields that tell its records apart."""
        return self._table.keyby

    def to_dict(self) -> dict[Hashable, Row]:
        """The records by key."""
        return self._table.to_dict()

    def records(self) -> list[Row]:
        """The records."""
        return self._table.records()

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame; ``ImportError`` where that is not installed."""
        return self._table.to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """A polars frame; ``ImportError`` where that is not installed."""
        return self._table.to_polars()

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow table; ``ImportError`` where that is not installed."""
        return self._table.to_arrow()

    def to_structs(self) -> list[Any]:
        """Structs; ``UntrustedTypeError`` where their class may not be imported."""
        return self._table.to_structs()

    def widget(self, **options: Any) -> Any:
        """The table in a notebook: a ``PerspectiveWidget`` that follows it.

        Args:
            options: of the widget, such as ``plugin="X Bar"`` or ``group_by=["symbol"]``.

        Raises:
            ImportError: perspective, anywidget or pyarrow is not installed.
        """
        return shown(self._table, **options)

    def wait_until(self, what: int | Callable[[Mapping[Hashable, Row]], Any], timeout: float | None = None) -> None:
        """Return once the tick of an offset is in it, or something is true of the records.

        Args:
            what: an offset, or a function of the records, called after each change on the connection's thread.

        Raises:
            ServerTimeoutError: a ``TimeoutError``: it was not so in time.
            ServerException: it follows the state no more.
        """
        self._background.run(self._table.wait_until(what, timeout))

    def close(self) -> None:
        """Follow it no more; what is here stays. ``on_change`` may do so, too."""
        self._background.finish(self._table.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
