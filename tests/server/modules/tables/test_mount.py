"""MountPerspectiveTables: its options, and a gateway with it."""

import logging
import pickle
import threading
import warnings
from collections.abc import Callable
from typing import Any

import csp
import perspective
import pytest
from csp import ts
from pydantic import ValidationError

from csp_gateway import (
    BuildFailedError,
    ChannelSelection,
    Gateway,
    GatewayChannels,
    GatewayException,
    GatewayModule,
    GatewayStruct,
    MountPerspectiveTables,
)
from csp_gateway.server.modules.tables import TableConfig


class Trade(GatewayStruct):
    symbol: str
    quantity: int


with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    class Ch(GatewayChannels):
        trades: ts[Trade] = None
        fills: ts[list[Trade]] = None
        nobody: ts[Trade] = None
        numbers: ts[float] = None
        by_name: dict[str, ts[list[Trade]]] = None
        pairs: list[ts[Trade]] = None


class Market(GatewayModule):
    requires: ChannelSelection | None = []

    def dynamic_keys(self) -> dict[str, Any]:
        return {Ch.by_name: ["x"], Ch.pairs: 2}

    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.trades)
        channels.set_channel(Ch.by_name, csp.const([Trade(symbol="A", quantity=1)]), "x")
        channels.set_channel(Ch.fills, csp.const([Trade(symbol="A", quantity=1), Trade(symbol="B", quantity=2)]))
        channels.set_channel(Ch.numbers, csp.const(1.0))


@pytest.fixture
def start() -> Any:
    """``start(tables)`` runs a gateway whose web side nobody serves; ``stop`` comes at the test's end."""
    running: list[Gateway] = []

    def begin(tables: MountPerspectiveTables) -> Gateway:
        gateway = Gateway(modules=[tables, Market()], channels=Ch())
        gateway.start(rest=True, _in_test=True)
        running.append(gateway)
        return gateway

    yield begin
    for gateway in running:
        if gateway.running:
            gateway.stop()


def tables_of(module: MountPerspectiveTables) -> Any:
    return module.statistics()["tables"]


def test_channels_of_structs_that_somebody_provides_are_shown(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables()
    gateway = start(module)
    assert list(tables_of(module)) == ["trades", "fills"]
    assert module._run.unused == ["nobody"]
    assert gateway.web_app is not None
    assert gateway.web_app.page_config["tables"] == {
        "socket": "api/v1/perspective",
        "assets": f"psp/{perspective.__version__}/",
        "meta": "api/v1/perspective/meta",
    }
    assert "2, kept by /api/v1/perspective" in str(module.info(gateway.settings))


def test_stopping_writes_what_waits_and_ends_the_threads(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables(update_interval="PT1H")
    gateway = start(module)
    for n in range(100):
        gateway.channels.send(Ch.trades, Trade(symbol="A", quantity=n))
    gateway.stop()
    assert tables_of(module)["trades"]["written"] == 100
    assert tables_of(module)["fills"]["written"] == 2
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("tables")]


def test_a_gateway_can_be_started_again(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables()
    for _ in range(2):
        gateway = start(module)
        gateway.channels.send(Ch.trades, Trade(symbol="A", quantity=1))
        gateway.stop()
        assert tables_of(module)["trades"]["written"] == 1


def test_a_table_of_its_own_name_over_a_channel(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables(
        channel_selection=["fills"], tables={"by_symbol": {"channel": "fills", "index": "symbol", "limit": 5}}
    )
    start(module)
    assert list(tables_of(module)) == ["fills", "by_symbol"]
    assert module._run.live["by_symbol"].index == "symbol"


def test_a_tables_settings_do_not_hide_the_others(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables(
        tables={"trades": TableConfig(limit=5)},
        limits={"trades": 6, "fills": 7},
        default_limit=8,
        excluded_table_columns={"trades": {"symbol"}},
    )
    start(module)
    assert {name: table.limit for name, table in module._run.live.items()} == {"trades": 5, "fills": 7}
    assert "symbol" not in module._run.live["trades"].types
    assert "symbol" in module._run.live["fills"].types


def test_a_table_of_the_newest_rows_does_not_gather_more_than_it_shows(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables(update_interval="PT1H", default_limit=10)
    gateway = start(module)
    for n in range(100):
        gateway.channels.send(Ch.trades, Trade(symbol="A", quantity=n))
    gateway.stop()
    said = tables_of(module)["trades"]
    assert said["received"] == 100
    assert said["written"] + said["overtaken"] == 100
    assert said["written"] <= 11


def test_what_no_table_can_show_is_left_out_and_named_in_the_log(
    start: Callable[..., Gateway], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        start(MountPerspectiveTables())
    (told,) = [line for line in caplog.messages if "cannot show" in line]
    assert told == (
        "Channels that tables cannot show, and that have none: numbers: ts[float], "
        "by_name: Dict[str, ts[List[Trade]]], pairs: List[ts[Trade]]"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limits": {"trade": 5}}, "limits: there is no table 'trade'; did you mean 'trades'"),
        ({"indexes": {"trades": "symbl"}}, "did you mean 'symbol'"),
        ({"excluded_table_columns": {"trades": {"symbl"}}}, "did you mean 'symbol'"),
        ({"default_layout_tables": ["numbers"]}, "default_layout_tables: there is no table 'numbers'"),
        ({"tables": {"extra": {}}}, "not a registered table"),
        (
            {"tables": {"numbers": {}}},
            r"table 'numbers': channel 'numbers' is ts\[float\], and the rows of a table are",
        ),
        ({"tables": {"more": {"channel": "pairs"}}}, "table 'more': channel 'pairs' is a basket"),
        ({"channel_selection": ["trades", "numbers"]}, "table 'numbers': channel 'numbers' is"),
        ({"channel_selection": ["by_name"]}, r"'by_name' is a basket, Dict\[str, ts\[List\[Trade\]\]\], and a table"),
        ({"channel_selection": ["trade"]}, "did you mean 'trades'"),
    ],
)
def test_names_of_what_cannot_be_shown_are_refused(
    start: Callable[..., Gateway], options: dict[str, Any], said: str
) -> None:
    with pytest.raises((GatewayException, BuildFailedError), match=said):
        start(MountPerspectiveTables(**options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"defualt_limit": 5}, "did you mean 'default_limit'"),
        ({"server_views": {}}, "no option 'server_views'"),
        ({"default_limit": 0}, "greater than 0"),
        ({"update_interval": "PT0S"}, "between 10 ms and an hour"),
        ({"layouts": {"a": "nope"}}, "layout 'a' is not JSON"),
        ({"layouts": {"mine": "{}"}, "default_layout": "mien"}, "did you mean 'mine'"),
    ],
)
def test_options_are_checked_when_it_is_made(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        MountPerspectiveTables(**options)


def test_it_pickles_while_it_runs(start: Callable[..., Gateway]) -> None:
    module = MountPerspectiveTables(limits={"trades": 5})
    start(module)
    copy = pickle.loads(pickle.dumps(module))
    assert copy.limits == {"trades": 5}
    assert copy.statistics() == {"tables": {}, "viewers": {}}


def test_without_a_web_side_nothing_is_written() -> None:
    module = MountPerspectiveTables()
    gateway = Gateway(modules=[module, Market()], channels=Ch())
    gateway.start(block=False)
    gateway.stop()
    assert module.statistics() == {"tables": {}, "viewers": {}}
    assert module.info(gateway.settings) is None
