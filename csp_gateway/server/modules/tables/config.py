"""TableConfig: what is shown of a channel and how much of it, and where the defaults come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from csp_gateway.errors import did_you_mean
from csp_gateway.server.structs.columns import ExcludedColumns

__all__ = ["MOST_ROWS", "IndexColumns", "TableConfig"]

MOST_ROWS = 10_000
"""Rows a table keeps, the newest, when nothing else is said."""

IndexColumns = str | list[str]
"""One column whose value is a row's key, or several whose values are joined by ``-``."""


class TableConfig(BaseModel):
    """One table. What is left out comes from the module's ``limits``, ``indexes`` and defaults."""

    model_config = ConfigDict(extra="forbid")

    channel: str | None = Field(default=None, description="The channel it shows. None: the one of the table's name.")
    limit: PositiveInt | None = Field(default=None, description="Rows it keeps, the newest.")
    index: IndexColumns | None = Field(
        default=None, description="Column or columns of the key: one row a key, the newest."
    )
    excluded_columns: ExcludedColumns | None = Field(default=None, description="Columns it leaves out.")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for key in given:
                if key not in cls.model_fields:
                    raise ValueError(f"a table has no option {key!r}; {did_you_mean(str(key), cls.model_fields)}")
        return given

    def completed(
        self,
        name: str,
        limits: Mapping[str, int],
        default_limit: int | None,
        indexes: Mapping[str, IndexColumns],
        default_index: IndexColumns | None,
        excluded: Mapping[str, ExcludedColumns],
    ) -> TableConfig:
        """The same with every default filled in, for the table ``name``."""
        return TableConfig(
            channel=self.channel or name,
            limit=self.limit or limits.get(name) or default_limit or MOST_ROWS,
            index=self.index or indexes.get(name) or default_index,
            excluded_columns=self.excluded_columns if self.excluded_columns is not None else excluded.get(name),
        )
