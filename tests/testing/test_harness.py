"""GatewayTestHarness: what it sends, what it checks, and how it fails."""

import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

import csp
import numpy as np
import pytest
from csp import ts

from csp_gateway import (
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    NoProviderException,
    ScriptError,
    UnknownChannelError,
    WrongTickError,
)
from csp_gateway.testing import (
    GatewayTestHarness,
    MyEnum,
    MyGateway,
    MyGatewayChannels,
    MyGetModule,
    MySetModule,
    MyStruct,
    running_gateway,
)

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


class Quote(GatewayStruct):
    sym: str
    px: float


class Ch(GatewayChannels):
    quotes: ts[Quote] = None
    doubled: ts[Quote] = None
    both: ts[Quote] = None
    books: ts[List[Quote]] = None  # noqa: UP006
    by_name: Dict[str, ts[Quote]] = None  # noqa: UP006
    in_line: List[ts[Quote]] = None  # noqa: UP006


class Double(GatewayModule):
    """Sets ``doubled`` to twice the price of ``quotes``."""

    def connect(self, channels: Ch) -> None:
        channels.set_channel(Ch.doubled, csp.apply(channels.get_channel(Ch.quotes), self.double, Quote))

    def double(self, quote: Quote) -> Quote:
        return Quote(sym=quote.sym, px=2 * quote.px)


class Tick(GatewayModule):
    """Sets ``quotes`` every second, to 1, 2, 3."""

    def connect(self, channels: Ch) -> None:
        count = csp.count(csp.timer(SECOND, True))
        channels.set_channel(Ch.quotes, csp.apply(count, lambda n: Quote(sym="T", px=float(n)), Quote))


def harness(*channels: str, **options: Any) -> GatewayTestHarness:
    keys = {"by_name": ["x", "y"], "in_line": 2} if {"by_name", "in_line"} & set(channels) else {}
    return GatewayTestHarness(test_channels=list(channels), test_dynamic_keys=keys, **options)


def run(harness: GatewayTestHarness, *modules: GatewayModule, lasts: timedelta = 10 * SECOND) -> Any:
    gateway = Gateway(modules=[*modules, harness], channels=Ch())
    return csp.run(gateway.graph, starttime=START, endtime=lasts)


def quote(px: float = 1.0, sym: str = "A") -> Quote:
    return Quote(sym=sym, px=px)


# --- The example of the specification ---------------------------------------------------------------------------------


def test_a_test_is_a_sequence_of_moments(capsys: pytest.CaptureFixture[str]) -> None:
    h = harness(Ch.quotes, name="the first test")
    h.send(Ch.quotes, Quote(sym="A", px=1.0))
    h.assert_attrs_equal(Ch.quotes, {"sym": "A", "px": 1.0})
    h.advance(delay=timedelta(minutes=1))
    h.assert_ticked(Ch.quotes, 0)
    run(h, lasts=timedelta(hours=1))
    assert capsys.readouterr().out == "the first test: start\nthe first test: done\n"


def test_a_script_may_be_run_again() -> None:
    h = harness(Ch.quotes)
    h.send(Ch.quotes, quote())
    h.assert_ticked(Ch.quotes)
    run(h)
    run(h)
    h.assert_ticked(Ch.quotes, 2)
    with pytest.raises(AssertionError, match="expected it to have ticked twice"):
        run(h)


# --- Every check passes, and fails ------------------------------------------------------------------------------------

CHECKS: list[tuple[Callable[[GatewayTestHarness], Any], Callable[[GatewayTestHarness], Any], str]] = [
    (
        lambda h: h.assert_ticked("quotes", 2),
        lambda h: h.assert_ticked("quotes"),
        "quotes at 2024-01-01 00:00:01: expected it to have ticked once",
    ),
    (
        lambda h: h.assert_tick_counts({"quotes": 2, "books": 1, ("by_name", "x"): 1}),
        lambda h: h.assert_tick_counts({"quotes": 2, "books": 1}),
        "by_name[x]: expected never, ticked once",
    ),
    (
        lambda h: h.assert_equal(("by_name", "x"), KEPT),
        lambda h: h.assert_equal(("by_name", "x"), Quote(sym="K", px=2.0, id=KEPT.id, timestamp=KEPT.timestamp)),
        ".px: expected 2.0, found 1.0",
    ),
    (
        lambda h: h.assert_equal("by_name", {"x": KEPT}),
        lambda h: h.assert_equal("by_name", {"x": KEPT, "y": KEPT}),
        "['y']: expected Quote(",
    ),
    (lambda h: h.assert_equal("in_line", [None, KEPT]), lambda h: h.assert_equal("in_line", [KEPT, None]), "[0]: "),
    (
        lambda h: h.assert_almost_equal(("by_name", "x"), KEPT),
        lambda h: h.assert_almost_equal(("by_name", "x"), 1.0),
        "expected nearly 1.0",
    ),
    (lambda h: h.assert_type("quotes", Quote), lambda h: h.assert_type("quotes", (int, str)), "expected int or str"),
    (lambda h: h.assert_type("books", list), lambda h: h.assert_type("books", Quote), "found    list ["),
    (lambda h: h.assert_len("books", 2), lambda h: h.assert_len("books", 3), "expected 3 elements\n  found    2"),
    (
        lambda h: h.assert_attr_equal("quotes", "px", 3.0),
        lambda h: h.assert_attr_equal("quotes", "px", 4.0),
        ".px: expected 4.0\n  found    3.0",
    ),
    (
        lambda h: h.assert_attr_almost_equal("quotes", "px", 3.0 + 1e-9),
        lambda h: h.assert_attr_almost_equal("quotes", "px", 3.1),
        ".px: expected nearly 3.1",
    ),
    (
        lambda h: h.assert_attr_not_equal("quotes", "px", 4.0),
        lambda h: h.assert_attr_not_equal("quotes", "px", 3.0),
        ".px: expected anything but 3.0",
    ),
    (
        lambda h: h.assert_attrs_equal("quotes", {"px": 3.0, "sym": "A"}),
        lambda h: h.assert_attrs_equal("quotes", {"px": 4.0, "sym": "B"}),
        ".sym: expected 'B'",
    ),
    (
        lambda h: h.assert_attrs_almost_equal("quotes", {"px": 3.0, "sym": "A"}),
        lambda h: h.assert_attrs_almost_equal("quotes", {"px": 4.0}),
        ".px: expected nearly 4.0",
    ),
    (
        lambda h: h.assert_attr_unset("quotes", "px", unset=False),
        lambda h: h.assert_attr_unset("quotes", "px"),
        ".px: expected unset\n  found    3.0",
    ),
    (
        lambda h: h.assert_idx_type("books", 1, Quote),
        lambda h: h.assert_idx_type("books", 1, str),
        "[1]: expected str",
    ),
    (
        lambda h: h.assert_idx_attr_equal("books", -1, "px", 8.0),
        lambda h: h.assert_idx_attr_equal("books", 2, "px", 8.0),
        "[2]: there are 2 elements",
    ),
    (
        lambda h: h.assert_idx_attr_almost_equal("books", 0, "px", 7.0 + 1e-9),
        lambda h: h.assert_idx_attr_almost_equal("books", 0, "px", 8.0),
        "[0]: .px: expected nearly 8.0",
    ),
    (
        lambda h: h.assert_idx_attr_not_equal("books", 0, "px", 8.0),
        lambda h: h.assert_idx_attr_not_equal("books", 0, "px", 7.0),
        "[0]: .px: expected anything but 7.0",
    ),
    (
        lambda h: h.assert_idx_attrs_equal("books", 0, {"px": 7.0, "sym": "A"}),
        lambda h: h.assert_idx_attrs_equal("books", 0, {"px": 7.0, "sym": "B"}),
        "[0]: .sym: expected 'B'",
    ),
    (
        lambda h: h.assert_idx_attrs_almost_equal("books", 0, {"px": 7.0}),
        lambda h: h.assert_idx_attrs_almost_equal("books", 0, {"px": 8.0}),
        "[0]: .px: expected nearly 8.0",
    ),
    (
        lambda h: h.assert_idx_attr_unset("books", 1, "sym"),
        lambda h: h.assert_idx_attr_unset("books", 1, "sym", unset=False),
        "[1]: .sym: it is unset",
    ),
    (
        lambda h: h.assert_value("quotes", lambda q: q.px == 3.0),
        lambda h: h.assert_value("quotes", lambda q: q.px == 4.0),
        "gave False for Quote(",
    ),
    (
        lambda h: h.assert_ticked_values("quotes", lambda ticks: [(t, q.px) for t, q in ticks] == TICKS),
        lambda h: h.assert_ticked_values("quotes", lambda ticks: len(ticks) == 1),
        "gave False for [(",
    ),
]
KEPT = Quote(sym="K", px=1.0)
TICKS = [(START, 1.0), (START + SECOND, 3.0)]


def play_all() -> GatewayTestHarness:
    h = harness("quotes", "books", "by_name", "in_line")
    h.send("quotes", quote(1.0))
    h.send(("by_name", "x"), KEPT)
    h.delay(SECOND)
    h.send("quotes", quote(3.0))
    h.send("books", [quote(7.0), Quote(px=8.0)])
    h.send("in_line", [None, KEPT])
    return h


@pytest.mark.parametrize(("passes", "fails", "said"), CHECKS)
def test_each_check_passes_and_fails(
    passes: Callable[[GatewayTestHarness], Any], fails: Callable[[GatewayTestHarness], Any], said: str
) -> None:
    h = play_all()
    if said.startswith("by_name[x]: expected never"):
        h.events.pop()  # the counts name three channels
    passes(h)
    run(h)
    fails(h)
    with pytest.raises(AssertionError) as raised:
        run(h)
    assert re.match(rf"Assertion failed in test at {re.escape(__file__)}:\d+: ", str(raised.value))
    assert said in str(raised.value)


def test_every_assertion_is_checked_above() -> None:
    names = {name for name in dir(GatewayTestHarness) if name.startswith("assert_")}
    said = {name for passes, _, _ in CHECKS for name in passes.__code__.co_names}
    assert names <= said


@pytest.mark.parametrize(
    "check",
    [
        lambda h: h.assert_equal("doubled", None),
        lambda h: h.assert_attr_unset("doubled", "px"),
        lambda h: h.assert_value("doubled", lambda value: True),
        lambda h: h.assert_len("doubled", 0),
        lambda h: h.assert_equal(("by_name", "y"), None),
    ],
)
def test_a_check_of_a_channel_that_has_not_ticked_fails_in_words(check: Callable[[GatewayTestHarness], Any]) -> None:
    h = harness("doubled", "by_name")
    check(h)
    with pytest.raises(AssertionError, match=r"expected a value\n  Since the start of the run, it has not ticked"):
        run(h)


def test_a_failure_says_what_ticked_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    h = harness(Ch.quotes)
    h.delay(3 * SECOND)
    h.assert_attr_equal(Ch.quotes, "px", 7.0)
    with pytest.raises(AssertionError) as raised:
        run(h, Tick())
    first, *more = str(raised.value).splitlines()
    assert first.startswith(f"Assertion failed in test at {__file__}:")
    assert first.endswith(": quotes at 2024-01-01 00:00:03: .px: expected 7.0")
    assert more[0] == "  found    3.0"
    assert more[2] == "  Since the start of the run, it ticked 3 times:"
    assert [line[:23] for line in more[3:]] == [f"    2024-01-01 00:00:0{second}" for second in (1, 2, 3)]
    assert f"Assertion failed in test at {__file__}:" in capsys.readouterr().out


def test_values_that_are_not_structs() -> None:
    h = GatewayTestHarness(test_channels=["my_array_channel"])
    h.send("my_array_channel", np.array([1.0, float("nan")]))
    h.send("my_array_channel", np.array([1.0, float("nan")]))
    h.assert_equal("my_array_channel", np.array([1.0, float("nan")]))
    h.assert_almost_equal("my_array_channel", [1.0 + 1e-9, float("nan")])
    h.assert_len("my_array_channel", 2)
    h.assert_type("my_array_channel", np.ndarray)
    csp.run(MyGateway(modules=[h]).graph, starttime=START, endtime=SECOND)


# --- Moments ----------------------------------------------------------------------------------------------------------


class Pair(GatewayModule):
    """Notes the prices of ``quotes`` and ``doubled`` that tick in one cycle, and sets ``both``."""

    seen: list[Any] = []

    @csp.node
    def pair(self, one: ts[Quote], two: ts[Quote]) -> ts[Quote]:
        if csp.ticked(one, two):
            self.seen.append((csp.ticked(one) and one.px, csp.ticked(two) and two.px))
            return one

    def connect(self, channels: Ch) -> None:
        both = self.pair(channels.get_channel(Ch.quotes), channels.get_channel(Ch.doubled))
        channels.set_channel(Ch.both, both)


def test_sends_of_a_moment_tick_together_and_those_of_one_channel_one_after_another() -> None:
    h = harness(Ch.quotes, Ch.doubled, Ch.both)
    h.send(Ch.quotes, quote(1.0))
    h.print("between")
    h.send(Ch.doubled, quote(2.0))
    h.send(Ch.quotes, quote(3.0))
    h.assert_ticked(Ch.both, 2)
    pair = Pair()
    run(h, pair)
    assert pair.seen == [(1.0, 2.0), (3.0, False)]


@pytest.mark.parametrize("place", range(3))
def test_its_place_among_the_modules_does_not_matter(place: int) -> None:
    """Nor does it where a module ticks at the very time of a send: what is sent comes first."""
    h = harness(Ch.quotes, Ch.doubled)
    h.delay(SECOND)
    h.send(Ch.quotes, quote(7.0))
    h.assert_ticked_values(Ch.quotes, lambda ticks: [q.px for _, q in ticks] == [7.0, 1.0])
    h.assert_ticked_values(
        Ch.doubled, lambda ticks: [(t, q.px) for t, q in ticks] == [(START + SECOND, 14.0), (START + SECOND, 2.0)]
    )
    modules: list[GatewayModule] = [Double(), Tick()]
    modules.insert(place, h)
    csp.run(Gateway(modules=modules, channels=Ch()).graph, starttime=START, endtime=2 * SECOND)


def test_a_check_sees_what_comes_back_through_feedback() -> None:
    class Ping(GatewayModule):
        """Each of the two sets what the other gets, until the price is 5: a cycle of channels."""

        source: str
        target: str

        def connect(self, channels: Ch) -> None:
            quotes = channels.get_channel(self.source)
            more = csp.apply(quotes, lambda q: Quote(sym=q.sym, px=q.px + 1), Quote)
            channels.set_channel(self.target, csp.filter(csp.apply(quotes, lambda q: q.px < 5, bool), more))

    h = harness(Ch.quotes, Ch.doubled)
    h.send(Ch.quotes, quote(1.0))
    h.assert_tick_counts({Ch.quotes: 3, Ch.doubled: 2})
    h.assert_attr_equal(Ch.quotes, "px", 5.0)
    run(h, Ping(source=Ch.quotes, target=Ch.doubled), Ping(source=Ch.doubled, target=Ch.quotes), lasts=timedelta())


def test_a_reset_forgets_and_an_advance_prints(capsys: pytest.CaptureFixture[str]) -> None:
    h = harness(Ch.quotes, Ch.by_name)
    h.send(Ch.quotes, quote())
    h.print_tick_counts()
    h.reset()
    h.assert_ticked(Ch.quotes, 0)
    h.print_ticked()
    h.advance(msg="after", pre_msg="before")
    h.send(Ch.by_name, {"x": KEPT})
    h.print_ticked()
    h.eval(lambda: sys.stdout.write("evaluated\n"))
    h.advance(delay=START + 5 * SECOND)
    h.assert_ticked_values(Ch.quotes, lambda ticks: not ticks)
    run(h, lasts=5 * SECOND)
    said = capsys.readouterr().out.splitlines()
    assert said[1:3] == ["quotes: 1", "by_name: 0"]
    assert said[3].startswith(f"nothing has ticked since the reset at 2024-01-01 00:00:00 ({__file__}:")
    assert said[4:7] == ["before", "after", "by_name: it ticked once:"]
    assert said[7].startswith("    2024-01-01 00:00:01  {'x': Quote(")
    assert said[8:] == ["evaluated", "GatewayTestHarness: done"]


def test_verbose_prints_every_tick(capsys: pytest.CaptureFixture[str]) -> None:
    h = harness(Ch.quotes, Ch.by_name, verbose=True)
    h.send(Ch.quotes, quote())
    h.send((Ch.by_name, "y"), quote())
    run(h)
    said = capsys.readouterr().out
    assert "2024-01-01 00:00:00  quotes  Quote(" in said
    assert "2024-01-01 00:00:00  by_name[y]  Quote(" in said


def test_what_eval_raises_ends_the_run() -> None:
    h = harness(Ch.quotes)
    h.eval(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError) as raised:
        run(h)
    assert raised.value.__notes__[0].startswith(f"raised in the test at {__file__}:")


@pytest.mark.parametrize("check", ["assert_value", "assert_ticked_values"])
def test_a_check_that_raises_fails_at_its_line(check: str, capsys: pytest.CaptureFixture[str]) -> None:
    h = harness(Ch.quotes)
    h.send(Ch.quotes, quote())
    getattr(h, check)(Ch.quotes, lambda found: found.no_such_thing)
    with pytest.raises(AssertionError, match=r"Assertion failed in test at .*: it raised AttributeError") as raised:
        run(h)
    assert __file__ in str(raised.value)
    assert isinstance(raised.value.__cause__, AttributeError)
    assert "Assertion failed in test at" in capsys.readouterr().out


# --- Never a green test that checked nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        lambda h: h.assert_ticked(Ch.quotes, 0),
        lambda h: h.send(Ch.quotes, quote()),
        lambda h: h.print("x"),
        lambda h: h.eval(lambda: None),
    ],
)
def test_what_comes_after_the_end_of_the_run_fails_the_test(write: Callable[[GatewayTestHarness], Any]) -> None:
    h = harness(Ch.quotes)
    h.assert_ticked(Ch.quotes, 0)
    h.delay(11 * SECOND)
    write(h)
    with pytest.raises(AssertionError, match=r"is due at 2024-01-01 00:00:11, .* which is 0:00:01 too early") as raised:
        run(h)
    assert __file__ in str(raised.value)


@pytest.mark.parametrize("wait", [lambda h: h.delay(11 * SECOND), lambda h: h.advance(delay=11 * SECOND)])
def test_the_same_if_it_is_only_a_wait(wait: Callable[[GatewayTestHarness], Any]) -> None:
    h = harness(Ch.quotes)
    wait(h)
    with pytest.raises(AssertionError, match=r"the run is too short: this is due at 2024-01-01 00:00:11") as raised:
        run(h)
    assert __file__ in str(raised.value)
    enough = harness(Ch.quotes)
    enough.advance(delay=10 * SECOND)
    run(enough)


@pytest.mark.parametrize("realtime", [False, True])
def test_the_same_when_the_gateway_runs_it(realtime: bool) -> None:
    h = harness(Ch.quotes)
    h.delay(timedelta(milliseconds=200))
    h.assert_ticked(Ch.quotes, 0)
    gateway = Gateway(modules=[h], channels=Ch())
    with pytest.raises(EngineError, match=r"Assertion failed in test at .* the run is too short") as raised:
        gateway.start(realtime=realtime, endtime=timedelta(milliseconds=100))
    assert isinstance(raised.value.__cause__, AssertionError)


def test_the_same_when_a_gateway_is_stopped_before() -> None:
    h = harness(Ch.quotes)
    h.delay(timedelta(hours=1))
    h.assert_ticked(Ch.quotes, 0)
    gateway = Gateway(modules=[h], channels=Ch())
    gateway.start(block=False)
    with pytest.raises(EngineError, match=r"Assertion failed in test at .* the run was stopped too early"):
        gateway.stop()


def test_it_runs_by_the_clock() -> None:
    done = threading.Event()
    h = harness(Ch.quotes, Ch.doubled)
    h.delay(timedelta(milliseconds=100))
    h.send(Ch.quotes, quote(2.0))
    h.assert_attr_equal(Ch.doubled, "px", 4.0)
    h.advance(delay=timedelta(milliseconds=100))
    h.assert_tick_counts({})
    h.eval(done.set)
    with running_gateway(Gateway(modules=[Double(), h], channels=Ch())):
        assert done.wait(20)
    h.assert_ticked(Ch.doubled)
    with pytest.raises(EngineError, match=r"doubled at .*: expected it to have ticked once"):
        Gateway(modules=[Double(), h], channels=Ch()).start(endtime=timedelta(seconds=20))


def test_an_attribute_that_is_misspelt_is_never_unset() -> None:
    h = harness(Ch.quotes)
    h.send(Ch.quotes, quote())
    h.assert_attr_unset(Ch.quotes, "prix")
    with pytest.raises(AssertionError, match="Quote has no such field"):
        run(h)


def test_a_performance_test_checks_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    h = harness(Ch.quotes, is_performance_test=True)
    h.send(Ch.quotes, quote())
    h.advance(msg="later")
    h.print_tick_counts()
    run(h)
    assert capsys.readouterr().out.splitlines()[1:3] == ["later", ""]
    h.assert_ticked(Ch.quotes)
    with pytest.raises(ScriptError, match="a performance test writes no ticks down, so it cannot check anything"):
        run(h)


# --- What is refused when the graph is built --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "kind", "said"),
    [
        (lambda h: h.send("quots", quote()), ScriptError, "channel 'quots' is not watched; did you mean 'quotes'"),
        (
            lambda h: h.assert_ticked("doubled"),
            ScriptError,
            "channel 'doubled' is not watched: add it to the harness's",
        ),
        (lambda h: h.assert_tick_counts({"doubled": 1}), ScriptError, "channel 'doubled' is not watched"),
        (lambda h: h.assert_equal(("quotes", "x"), 1), ScriptError, "no basket: leave the key 'x' out"),
        (lambda h: h.assert_equal(("by_name", "z"), 1), ScriptError, "basket 'by_name' has no key 'z'; known: x, y"),
        (lambda h: h.send("by_name", quote()), WrongTickError, "basket 'by_name' takes a dict"),
        (lambda h: h.send("quotes", 1), WrongTickError, "channel 'quotes' takes Quote, got int 1"),
        (lambda h: (h.delay(-SECOND), h.print("")), ScriptError, "goes back in time"),
        (lambda h: (h.delay(START - SECOND), h.print("")), ScriptError, "goes back in time"),
    ],
)
def test_what_the_script_cannot_do(
    write: Callable[[GatewayTestHarness], Any], kind: type[Exception], said: str
) -> None:
    h = harness("quotes", "by_name")
    write(h)
    with pytest.raises(kind, match=re.escape(said)) as raised:
        run(h)
    assert str(raised.value).startswith(f"{__file__}:")


def test_a_graph_that_is_only_drawn_needs_no_times() -> None:
    h = harness(Ch.quotes)
    h.delay(START)
    h.send(Ch.quotes, quote())
    drawn = csp.build_graph(Gateway(modules=[h], channels=Ch()).graph)
    with pytest.raises(ScriptError, match="the graph was built for another start time"):
        csp.run(drawn, starttime=START, endtime=SECOND)


def test_what_is_no_channel_at_all_is_refused_at_once() -> None:
    with pytest.raises(ScriptError, match=r"a channel is a name, or \(name, key\) of an entry of a basket, not 3"):
        harness("quotes").send(3, 1)  # type: ignore[arg-type]  # on purpose


def test_what_cannot_be_watched() -> None:
    with pytest.raises(UnknownChannelError, match="did you mean 'quotes'"):
        run(harness("quots"))
    with pytest.raises(ScriptError, match="my_static is a static value"):
        csp.run(
            MyGateway(modules=[GatewayTestHarness(test_channels=["my_static"])]).graph, starttime=START, endtime=SECOND
        )


# --- Its place in a gateway -------------------------------------------------------------------------------------------


def test_watched_channels_count_as_provided_and_others_do_not() -> None:
    run(harness(Ch.quotes, Ch.doubled), Double())
    run(harness(Ch.quotes), Double())
    with pytest.raises(NoProviderException, match="quotes"):
        run(harness(Ch.doubled), Double())


def test_nothing_selected_is_every_channel() -> None:
    h = GatewayTestHarness(test_channels=None)
    h.assert_tick_counts({})
    run(h, Double())
    assert h.test_channels.include is None


def test_channels_of_every_kind() -> None:
    one, two = (MyStruct(foo=foo, time=SECOND) for foo in (1.0, 2.0))
    channels = MyGatewayChannels
    h = GatewayTestHarness(test_channels=None, test_dynamic_keys={channels.my_str_basket: ["mine"]})
    h.assert_equal(channels.my_channel, one)
    h.assert_equal(channels.my_list_channel, [one, two])
    h.assert_equal((channels.my_enum_basket, MyEnum.TWO), two)
    h.assert_equal(channels.my_enum_basket, {MyEnum.ONE: one, MyEnum.TWO: two})
    h.assert_equal((channels.my_str_basket, "my_key"), one)
    h.assert_idx_attr_equal((channels.my_enum_basket_list, MyEnum.ONE), 1, "foo", 2.0)
    h.assert_equal(channels.my_array_channel, [1.0, 2.0])
    h.advance()
    h.send((channels.my_str_basket, "mine"), two)
    h.send(channels.my_enum_basket_list, {MyEnum.TWO: [two]})
    h.assert_tick_counts({(channels.my_str_basket, "mine"): 1, channels.my_enum_basket_list: 1})
    gateway = MyGateway(modules=[h, MyGetModule(), MySetModule(my_data=one, my_data2=two, my_list_data=[one, two])])
    ticked = csp.run(gateway.graph, starttime=START, endtime=SECOND)
    assert ticked["my_str_basket_mine"] == [(START + SECOND, two)]


def test_two_harnesses_may_stand_side_by_side() -> None:
    one, two = harness(Ch.quotes), harness(Ch.quotes)
    one.send(Ch.quotes, quote(1.0))
    two.send(Ch.quotes, quote(2.0))
    for h in (one, two):
        h.assert_ticked(Ch.quotes, 2)
    run(one, two)


def test_a_disabled_harness_takes_no_part() -> None:
    h = harness(Ch.quotes, disable=True)
    h.assert_ticked(Ch.quotes, 7)
    run(h)


def test_ten_thousand_moments_and_a_basket_of_ten_thousand_keys() -> None:
    h = GatewayTestHarness(
        test_channels=[Ch.quotes, Ch.by_name], test_dynamic_keys={Ch.by_name: list(map(str, range(10_000)))}
    )
    for n in range(10_000):
        h.send(Ch.quotes, quote(n))
        h.assert_attr_equal(Ch.quotes, "px", float(n))
        h.delay(SECOND)
    h.send(Ch.by_name, {"9999": quote()})
    h.assert_ticked(Ch.quotes, 10_000)
    h.assert_len(Ch.by_name, 1)
    run(h, lasts=timedelta(days=1))
