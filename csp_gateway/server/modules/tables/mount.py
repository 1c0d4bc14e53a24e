"""MountPerspectiveTables: channels shown as live tables."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from perspective import Server
from pydantic import BaseModel, Field, PositiveInt, PrivateAttr, field_validator, model_validator

from csp_gateway.errors import ConfigError, did_you_mean
from csp_gateway.server.channels import ChannelSelection, Declaration, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.modules.tables.bundle import ASSETS_PATH, bundle
from csp_gateway.server.modules.tables.config import MOST_ROWS, IndexColumns, TableConfig
from csp_gateway.server.modules.tables.feed import Feed
from csp_gateway.server.modules.tables.gather import Gathering, gather, gather_lists
from csp_gateway.server.modules.tables.layouts import checked_layouts
from csp_gateway.server.modules.tables.routes import Doorway, mount_routes
from csp_gateway.server.modules.tables.table import LiveTable
from csp_gateway.server.structs import is_gateway_struct_like
from csp_gateway.server.structs.columns import ExcludedColumns

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountPerspectiveTables"]

_log = logging.getLogger(__name__)

_MOST_WAITING = 100_000
"""Structs of an indexed table that may wait for the next writing; of other tables, as many as the table keeps."""


class MountPerspectiveTables(GatewayModule):
    """Shows each channel of structs as a live table of its newest rows, in the page and to any Perspective client.

    The engine only puts ticks aside; a thread writes them to the tables every ``update_interval``. Viewers can ask of
    tables whatever only reads.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    channel_selection: ChannelSelection = Field(ChannelSelection(), description="Channels that get a table each.")
    tables: dict[str, TableConfig] = Field(
        default_factory=dict, description="Settings of single tables, or more tables."
    )
    limits: dict[str, PositiveInt] = Field(default_factory=dict, description="Rows a table keeps, by table.")
    default_limit: PositiveInt | None = Field(None, description=f"Rows the others keep. None: {MOST_ROWS:,}.")
    indexes: dict[str, IndexColumns] = Field(default_factory=dict, description="Key column or columns, by table.")
    default_index: IndexColumns | None = Field(None, description="Key of the others. None: every tick is a row.")
    excluded_table_columns: dict[str, ExcludedColumns] = Field(
        default_factory=dict, description="Columns that are left out, by table."
    )
    layouts: dict[str, str] = Field(default_factory=dict, description="Layouts offered by name, each as JSON text.")
    default_layout: str | None = Field(None, description="The layout shown first. None: one made of the tables.")
    default_layout_tables: list[str] = Field(default_factory=list, description="Tables of the layout that is made.")
    default_layout_max_tables: PositiveInt = Field(5, description="How many, when they are not named.")
    update_interval: timedelta = Field(timedelta(seconds=0.5), description="Time between two writings of the tables.")

    _run: _Run | None = PrivateAttr(None)

    @field_validator("layouts")
    @classmethod
    def _check_layouts(cls, layouts: dict[str, str]) -> dict[str, str]:
        return checked_layouts(layouts)

    @field_validator("update_interval")
    @classmethod
    def _check_interval(cls, interval: timedelta) -> timedelta:
        if not timedelta(milliseconds=10) <= interval <= timedelta(hours=1):
            raise ValueError("update_interval must be between 10 ms and an hour")
        return interval

    @model_validator(mode="after")
    def _check_default_layout(self) -> MountPerspectiveTables:
        if self.default_layout is not None and self.default_layout not in self.layouts:
            hint = did_you_mean(self.default_layout, self.layouts)
            raise ValueError(f"default_layout: there is no layout {self.default_layout!r}; {hint}")
        return self

    def connect(self, channels: GatewayChannels) -> None:
        """Put what ticks aside for each table.

        Raises:
            ConfigError: an option names a table or channel that is not there, or a channel that no table can show.
        """
        self._run = run = _Run(self._planned(channels))
        for name, config in run.configs.items():
            waiting = config.limit or MOST_ROWS
            if config.index is None:
                gathering = Gathering(waiting)
            else:
                gathering = Gathering(max(waiting, _MOST_WAITING), hurry_at=max(waiting, _MOST_WAITING) // 2)
            node = gather_lists if channels.declared[str(config.channel)].listed else gather
            node(channels.get_channel(str(config.channel)), gathering)
            run.gathered[name] = gathering

    def rest(self, app: GatewayWebApp) -> None:
        """Make the tables, start to write them, and serve them.

        Raises:
            ConfigError: an index names a column that is not there, or cannot be a key.
            DeclarationError: excluded columns name a field that is not there.
        """
        run = self._run
        assert run is not None, "connect comes before rest"
        server = Server()
        client = server.new_local_client()
        run.feed = Feed(self.update_interval.total_seconds())
        for name, config in run.configs.items():
            channel = str(config.channel)
            if not app.channels.is_provided(channel):
                run.unused.append(name)
                continue
            run.live[name] = LiveTable(client, name, app.channels.declared[channel].element, config)
            run.feed.add(run.gathered[name], run.live[name])
        run.pool = ThreadPoolExecutor(2, thread_name_prefix="tables-request")
        run.doorway = Doorway(server, run.pool, set(run.live))
        mount_routes(app.get_router("api", self.api_version), _Shown(self, run), run.doorway)
        app.app.mount(f"/{ASSETS_PATH.rstrip('/')}", bundle(), name="perspective")
        path = app.api_path("perspective", self.api_version).lstrip("/")
        app.page_config["tables"] = {"socket": path, "assets": ASSETS_PATH, "meta": f"{path}/meta"}
        run.feed.start()

    def info(self, settings: GatewaySettings) -> str | None:
        """How many tables there are."""
        if self._run is None or not self._run.live:
            return None
        return f"tables    {len(self._run.live)}, kept by {settings.public_api(self.api_version)}/perspective"

    def shutdown(self) -> None:
        """Write what still waits, and end the threads."""
        if self._run is not None and self._run.feed is not None:
            self._run.feed.stop()
        if self._run is not None and self._run.pool is not None:
            self._run.pool.shutdown()

    def statistics(self) -> dict[str, Any]:
        """What went through, by table, and what viewers did."""
        run = self._run or _Run({})
        return {
            "tables": run.feed.statistics() if run.feed else {},
            "viewers": run.doorway.statistics() if run.doorway else {},
        }

    def __getstate__(self) -> dict[str, Any]:
        """The options only: a module can be pickled, what it runs cannot."""
        state: dict[str, Any] = BaseModel.__getstate__(self)
        return {**state, "__pydantic_private__": {**(self.__pydantic_private__ or {}), "_run": None}}

    def _planned(self, channels: GatewayChannels) -> dict[str, TableConfig]:
        """Table → its complete settings, in the order of the channels."""
        wanted = {name: TableConfig() for name in self._selected(channels)} | self.tables
        self._refuse_unknown_tables(wanted)
        planned = {}
        for name, config in wanted.items():
            channel = config.channel or name
            if channel not in channels.declared:
                known = [each for each, declared in channels.declared.items() if _why_not(declared) is None]
                raise ConfigError(
                    f"table {name!r} shows {channel!r}, which is not a registered table's channel; "
                    f"{did_you_mean(channel, known)}"
                )
            if why := _why_not(channels.declared[channel]):
                raise ConfigError(f"table {name!r}: {why}")
            planned[name] = config.completed(
                name, self.limits, self.default_limit, self.indexes, self.default_index, self.excluded_table_columns
            )
        return planned

    def _selected(self, channels: GatewayChannels) -> list[str]:
        """The selected channels; what no table can show is passed over, unless it is named."""
        selected = self.channel_selection.select_from(channels)
        if self.channel_selection.include is not None:
            return selected
        left_out = [f"{name}: {channels.declared[name]}" for name in selected if _why_not(channels.declared[name])]
        if left_out:
            _log.info("Channels that tables cannot show, and that have none: %s", ", ".join(left_out))
        return [name for name in selected if _why_not(channels.declared[name]) is None]

    def _refuse_unknown_tables(self, known: Iterable[str]) -> None:
        names = list(known)
        for option in ("limits", "indexes", "excluded_table_columns", "default_layout_tables"):
            for name in getattr(self, option):
                if name not in names:
                    raise ConfigError(f"{option}: there is no table {name!r}; {did_you_mean(name, names)}")


def _why_not(declaration: Declaration) -> str | None:
    """Why a channel cannot be a table, and what to do; None if it can."""
    name = declaration.name
    if declaration.is_basket:
        return (
            f"channel {name!r} is a basket, {declaration}, and a table shows a single stream so far: set a channel of "
            f"its own from the basket, and show that"
        )
    if not is_gateway_struct_like(declaration.element):
        return f"channel {name!r} is {declaration}, and the rows of a table are GatewayStructs: wrap what ticks in one"
    return None


@dataclass(slots=True)
class _Run:
    """What one run of the gateway holds."""

    configs: dict[str, TableConfig]
    gathered: dict[str, Gathering] = field(default_factory=dict)
    live: dict[str, LiveTable] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    feed: Feed | None = None
    pool: ThreadPoolExecutor | None = None
    doorway: Doorway | None = None


class _Shown:
    """What the routes tell of a module's tables."""

    def __init__(self, module: MountPerspectiveTables, run: _Run) -> None:
        self._module = module
        self._live = run.live
        self._unused = run.unused

    def tables(self) -> dict[str, dict[str, str]]:
        return {name: table.kinds for name, table in self._live.items()}

    def layouts(self) -> dict[str, str]:
        return self._module.layouts

    def meta(self) -> dict[str, Any]:
        module = self._module
        named = [name for name in module.default_layout_tables if name in self._live]
        return {
            "tables": list(self._live),
            "unused_tables": self._unused,
            "columns": self.tables(),
            "table_sizes": {name: table.size() for name, table in self._live.items()},
            "limits": {name: table.limit for name, table in self._live.items()},
            "default_limit": module.default_limit or MOST_ROWS,
            "indexes": {name: table.index for name, table in self._live.items() if table.index is not None},
            "default_index": module.default_index,
            "layouts": module.layouts,
            "default_layout": module.default_layout,
            "default_layout_tables": named or list(self._live)[: module.default_layout_max_tables],
        }
