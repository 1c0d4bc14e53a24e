"""What a script may touch, and what is said when it touches something else."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

import csp
import pytest
from csp import ts

from csp_gateway import (
    ChannelSelection,
    GatewayChannels,
    GatewayStruct,
    ScriptError,
    UnknownChannelError,
    WrongTickError,
)
from csp_gateway.server.channels import wire_modules
from csp_gateway.server.module import GatewayModule
from csp_gateway.testing.moments import Moment, Send
from csp_gateway.testing.watching import Watched

START = datetime(2024, 1, 1)


class Side(Enum):
    BUY = 1
    SELL = 2


class Quote(GatewayStruct):
    px: float


class Ch(GatewayChannels):
    desk: str = "eu"
    quotes: ts[Quote] = None
    several: ts[List[Quote]] = None  # noqa: UP006
    by_side: Dict[Side, ts[Quote]] = None  # noqa: UP006
    by_name: Dict[str, ts[Quote]] = None  # noqa: UP006
    in_line: List[ts[Quote]] = None  # noqa: UP006
    others: ts[Quote] = None


ALL = ["quotes", "several", "by_side", "by_name", "in_line"]


def inside(do: Any, selection: Any = ALL) -> dict[str, Any]:
    """Call ``do(watched, channels)`` while a graph is built, and run it; what ticks is its output."""

    class Part(GatewayModule):
        def connect(self, channels: Ch) -> None:
            do(Watched(channels, ChannelSelection.model_validate(selection)), channels)
            for name in set(ALL) - {"by_side", "by_name", "in_line"}:
                csp.add_graph_output(name, channels.get_channel(name))
            for name in ("by_side", "by_name"):
                for key, edge in channels.get_channel(name).items():
                    csp.add_graph_output(f"{name}[{key}]", edge)
            for key, edge in enumerate(channels.get_channel("in_line")):
                csp.add_graph_output(f"in_line[{key}]", edge)

    ticked = csp.run(
        lambda: wire_modules(Ch(), [Part(requires=[])], keys={"by_name": ("x", "y"), "in_line": (0, 1)}) and None,
        starttime=START,
        endtime=timedelta(seconds=9),
    )
    return {name: [(time - START, value) for time, value in ticks] for name, ticks in ticked.items() if ticks}


def send(name: str, value: Any, key: Any = None, at: float = 0) -> Moment:
    return Moment(START + timedelta(seconds=at), [Send("test_desk.py:7", (name, key), value)])


def supplied(*moments: Moment) -> dict[str, Any]:
    return inside(lambda watched, channels: watched.supply(channels, list(moments)))


def test_each_kind_of_channel_can_be_sent_to() -> None:
    one, two = Quote(px=1.0), Quote(px=2.0)
    ticked = supplied(
        send("quotes", one),
        send("several", [one, two]),
        send("by_side", {Side.SELL: one}),
        send("by_name", two, "y", at=1),
        send("by_name", {"x": one, "y": two}, at=2),
        send("in_line", [None, one]),
        send("in_line", two, 0),
    )
    zero, first, second = (timedelta(seconds=n) for n in range(3))
    assert ticked == {
        "quotes": [(zero, one)],
        "several": [(zero, [one, two])],
        "by_side[Side.SELL]": [(zero, one)],
        "by_name[x]": [(second, one)],
        "by_name[y]": [(first, two), (second, two)],
        "in_line[0]": [(zero, two)],
        "in_line[1]": [(zero, one)],
    }


def test_what_is_not_sent_to_is_provided_all_the_same() -> None:
    def check(watched: Watched, channels: Ch) -> None:
        watched.supply(channels, [])
        assert all(channels.is_provided(name) for name in ALL)
        assert not channels.is_provided("others")

    assert inside(check) == {}


@pytest.mark.parametrize(
    ("moment", "kind", "said"),
    [
        (send("quots", Quote()), ScriptError, "channel 'quots' is not watched; did you mean 'quotes'"),
        (
            send("others", Quote()),
            ScriptError,
            "channel 'others' is not watched: add it to the harness's test_channels",
        ),
        (send("quotes", Quote(), "x"), ScriptError, "'quotes' is ts[Quote], no basket: leave the key 'x' out"),
        (send("quotes", 3), WrongTickError, "channel 'quotes' takes Quote, got int 3"),
        (send("quotes", None), WrongTickError, "channel 'quotes' takes Quote, got NoneType None"),
        (send("several", Quote()), WrongTickError, "channel 'several' takes a list of Quote, got Quote"),
        (send("by_side", Quote()), WrongTickError, "basket 'by_side' takes a dict of values by key, got Quote"),
        (send("by_side", {Side.BUY: 3}), WrongTickError, "channel 'by_side' takes Quote, got int 3"),
        (
            send("by_side", {"BUY": Quote()}),
            ScriptError,
            "has no key 'BUY'; known: Side.BUY, Side.SELL",
        ),
        (send("by_name", {"z": Quote()}), ScriptError, "basket 'by_name' has no key 'z'; "),
        (send("by_name", Quote(), ["x"]), ScriptError, "basket 'by_name' has no key ['x']; "),
        (send("in_line", [Quote()]), WrongTickError, "basket 'in_line' takes a list of 2 values, None for no tick"),
        (send("in_line", Quote(), 2), ScriptError, "basket 'in_line' has no key 2; "),
    ],
)
def test_what_cannot_be_sent(moment: Moment, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as raised:
        supplied(moment)
    assert str(raised.value).startswith("test_desk.py:7: ")
    assert said in str(raised.value)
    assert isinstance(raised.value, ValueError)
    assert isinstance(raised.value, TypeError) == (kind is WrongTickError)


@pytest.mark.parametrize(
    ("selection", "kind", "said"),
    [
        (["quots"], UnknownChannelError, "did you mean 'quotes'"),
        (["desk"], ScriptError, "test_channels: Ch.desk is a static value, not a channel: it does not tick"),
    ],
)
def test_what_cannot_be_watched(selection: list[str], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        inside(lambda watched, channels: None, selection)


def test_nothing_said_is_every_channel_but_not_the_static_values() -> None:
    def check(watched: Watched, channels: Ch) -> None:
        assert list(watched.channels) == [*ALL, "others"]
        assert {name: list(edges) for name, edges in watched.edges.items()} == {
            "quotes": [None],
            "several": [None],
            "by_side": [Side.BUY, Side.SELL],
            "by_name": ["x", "y"],
            "in_line": [0, 1],
            "others": [None],
        }

    inside(check, None)


def test_of_many_keys_a_few_are_told() -> None:
    def check(watched: Watched, channels: Ch) -> None:
        watched.edges["by_name"] = dict.fromkeys(map(str, range(10_000)), csp.null_ts(Quote))
        with pytest.raises(ScriptError, match="known: ") as raised:
            watched.refuse_others("here", [("by_name", "zzz")])
        assert len(str(raised.value)) < 300

    inside(check)
