"""GatewayTestHarness: a test written as a sequence of moments."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from csp.impl.wiring.runtime import GraphRunInfo
from pydantic import Field

from csp_gateway.errors import ScriptError
from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.testing.checks import (
    Check,
    attributes,
    different,
    element,
    equal,
    instance_of,
    length,
    satisfying,
    unset_attribute,
)
from csp_gateway.testing.moments import Act, Send, Wait, calling_line, moments_of
from csp_gateway.testing.records import BasketTicks, Records, Target, Ticks, times
from csp_gateway.testing.script import Script, note, play, say, watch_basket
from csp_gateway.testing.watching import Watched

__all__ = ["GatewayTestHarness"]

Channel = str | tuple[str, Any]
"""A channel's name; or a basket's name and one of its keys."""

_UNTIMED = datetime(1970, 1, 1)


class GatewayTestHarness(GatewayModule):
    """A module that sends to channels and checks what ticks on them, as a script says.

    Write the script first, by calling the methods below; then run the gateway that has the harness among its modules,
    wherever in the list. A check that fails ends the run, and says which line of the test it is, what was expected, and
    what ticked: ``csp.run(gateway.graph, …)`` raises an ``AssertionError``; ``gateway.start(realtime=False, …)`` an
    ``EngineError`` with the same words, of which the ``AssertionError`` is the cause.

    The script begins at the run's start time; only ``delay`` and ``advance`` lead on. What it does at one engine time
    is a *moment*. Its sends come first, whatever stands between them: values of different channels tick in one engine
    cycle, several of one channel in as many. The rest follows in the order of the script, once all has ticked that
    ticks at that time, in however many cycles: behind feedback, or where several modules set a channel at once.

    A moment after the end of the run fails the test, also one that only a ``delay`` or ``advance`` at the end of the
    script leads to. So does a check that needs a value of a channel without a tick.

    Every watched channel counts as provided, and can be sent to. ``channel`` is a name, or ``(name, key)`` for an entry
    of a basket. A tick of a whole basket is a dict of the keys that tick in one engine cycle; its last value has the
    newest of every key that has ticked, as ``channels.last`` has.
    """

    # What it sends ticks before what modules set at the same time, wherever it stands among them.
    connects_first: ClassVar[bool] = True

    test_channels: ChannelSelection = Field(description="The channels to watch, which can be sent to as well.")
    name: str = Field(default="GatewayTestHarness", description="What the test is called in what it prints.")
    verbose: bool = Field(default=False, description="Print every tick of the watched channels.")
    test_dynamic_keys: dict[str, Any] = Field(
        default_factory=dict, description="Keys for baskets whose class does not fix them, by channel."
    )
    is_performance_test: bool = Field(
        default=False, description="Write no ticks down and note no lines: it sends and prints, and cannot check."
    )
    events: list[Any] = Field(default_factory=list, description="The script; its methods write it.")

    # The script: what happens.

    def send(self, channel: Channel, value: Any) -> None:
        """Let a value tick on a channel; of a whole basket, a dict of values by key (a list basket: a list).

        The value itself ticks, not a copy: what is changed in it later, by the test or by a module, is changed in it.

        Raises (when the graph is built):
            ScriptError: a ``ValueError``: the channel is not watched, or the basket has no such key.
            WrongTickError: a ``TypeError``: the value cannot tick there.
        """
        self.events.append(Send(self._line(), _target(channel), value))

    def delay(self, delay: timedelta | datetime) -> None:
        """Go on after a time, or at a time (UTC unless it says otherwise).

        Raises (when the graph is built):
            ScriptError: a ``ValueError``: that would be back in time.
        """
        self.events.append(Wait(self._line(), delay))

    def reset(self) -> None:
        """Forget what has ticked: counts begin at 0 again, and no channel has a last value."""
        line = self._line()
        self._do(lambda records: records.forget(line))

    def advance(self, *, delay: timedelta | datetime = timedelta(seconds=1), msg: str = "", pre_msg: str = "") -> None:
        """Reset, print ``pre_msg``, delay, print ``msg``."""
        self.reset()
        if pre_msg:
            self.print(pre_msg)
        self.delay(delay)
        if msg:
            self.print(msg)

    def eval(self, f: Callable[[], Any]) -> None:
        """Call ``f``; what it raises ends the run as it is, with a note of the line; what it gives does not matter."""

        def call(records: Records) -> None:
            f()

        self._do(call)

    def print(self, msg: str) -> None:
        """Print a line."""
        self._do(lambda records: say(msg))

    def print_ticked(self) -> None:
        """Print what has ticked, channel by channel: the newest ten ticks of each."""
        self._do(lambda records: say(records.story()))

    def print_tick_counts(self) -> None:
        """Print how often each channel has ticked, and each entry of a basket that has."""
        self._do(lambda records: say("\n".join(f"{name}: {count}" for name, count in records.counts().items())))

    # The script: what is checked, of what has ticked since the last reset.

    def assert_ticked(self, channel: Channel, count: int = 1) -> None:
        """The channel has ticked so many times; 0 is a number too."""
        expected = f"expected it to have ticked {times(count)}"
        self._judge(channel, lambda ticks: None if ticks.count == count else expected)

    def assert_tick_counts(self, counts: Mapping[Channel, int]) -> None:
        """Each watched channel has ticked as often as the dict says, and not at all if it is not there.

        A basket is counted as a whole, under its name; or, if its name is not there, entry by entry.
        """
        expected = {_target(channel): count for channel, count in counts.items()}
        self._do(lambda records: records.miscounted(expected), tuple(expected), judges=True)

    def assert_equal(self, channel: Channel, value: Any) -> None:
        """The last value equals ``value``, with the ids and timestamps of structs; NaN equals NaN."""
        self._check(channel, equal(value))

    def assert_almost_equal(self, channel: Channel, value: Any) -> None:
        """The same, but numbers, wherever in the value, may differ by 1e-7, or by 1e-7 of the larger one."""
        self._check(channel, equal(value, nearly=True))

    def assert_type(self, channel: Channel, type: type | tuple[type, ...]) -> None:
        """The last value is an instance of a type."""
        self._check(channel, instance_of(type))

    def assert_len(self, channel: Channel, n: int) -> None:
        """The last value has ``n`` elements."""
        self._check(channel, length(n))

    def assert_attr_equal(self, channel: Channel, attr: str, value: Any) -> None:
        """An attribute of the last value equals ``value``."""
        self._check(channel, attributes({attr: equal(value)}))

    def assert_attr_almost_equal(self, channel: Channel, attr: str, value: Any) -> None:
        """An attribute of the last value nearly equals ``value``."""
        self._check(channel, attributes({attr: equal(value, nearly=True)}))

    def assert_attr_not_equal(self, channel: Channel, attr: str, value: Any) -> None:
        """An attribute of the last value is set, and is not ``value``."""
        self._check(channel, attributes({attr: different(value)}))

    def assert_attrs_equal(self, channel: Channel, attrs: Mapping[str, Any]) -> None:
        """Attributes of the last value equal those of the dict."""
        self._check(channel, attributes({name: equal(value) for name, value in attrs.items()}))

    def assert_attrs_almost_equal(self, channel: Channel, attrs: Mapping[str, Any]) -> None:
        """Attributes of the last value nearly equal those of the dict."""
        self._check(channel, attributes({name: equal(value, nearly=True) for name, value in attrs.items()}))

    def assert_attr_unset(self, channel: Channel, attr: str, unset: bool = True) -> None:
        """A field of the last value is unset; with ``unset=False``, it is set."""
        self._check(channel, unset_attribute(attr, unset))

    def assert_idx_type(self, channel: Channel, idx: int, type: type | tuple[type, ...]) -> None:
        """An element of the last value, which is a list, is an instance of a type."""
        self._check(channel, element(idx, instance_of(type)))

    def assert_idx_attr_equal(self, channel: Channel, idx: int, attr: str, value: Any) -> None:
        """An attribute of an element of the last value equals ``value``."""
        self._check(channel, element(idx, attributes({attr: equal(value)})))

    def assert_idx_attr_almost_equal(self, channel: Channel, idx: int, attr: str, value: Any) -> None:
        """An attribute of an element of the last value nearly equals ``value``."""
        self._check(channel, element(idx, attributes({attr: equal(value, nearly=True)})))

    def assert_idx_attr_not_equal(self, channel: Channel, idx: int, attr: str, value: Any) -> None:
        """An attribute of an element of the last value is set, and is not ``value``."""
        self._check(channel, element(idx, attributes({attr: different(value)})))

    def assert_idx_attrs_equal(self, channel: Channel, idx: int, attrs: Mapping[str, Any]) -> None:
        """Attributes of an element of the last value equal those of the dict."""
        self._check(channel, element(idx, attributes({name: equal(value) for name, value in attrs.items()})))

    def assert_idx_attrs_almost_equal(self, channel: Channel, idx: int, attrs: Mapping[str, Any]) -> None:
        """Attributes of an element of the last value nearly equal those of the dict."""
        nearly = {name: equal(value, nearly=True) for name, value in attrs.items()}
        self._check(channel, element(idx, attributes(nearly)))

    def assert_idx_attr_unset(self, channel: Channel, idx: int, attr: str, unset: bool = True) -> None:
        """A field of an element of the last value is unset; with ``unset=False``, it is set."""
        self._check(channel, element(idx, unset_attribute(attr, unset)))

    def assert_value(self, channel: Channel, f: Callable[[Any], Any]) -> None:
        """``f``, called with the last value, neither raises nor gives False."""
        self._check(channel, satisfying(f))

    def assert_ticked_values(self, channel: Channel, f: Callable[[list[tuple[datetime, Any]]], Any]) -> None:
        """``f``, called with every tick as ``(engine time, value)``, oldest first, neither raises nor gives False."""
        whole_story = satisfying(f)
        self._judge(channel, lambda ticks: whole_story(list(ticks.seen)), whole_story=True)

    # How the script is written.

    def _line(self) -> str:
        return "an unknown line" if self.is_performance_test else calling_line()

    def _do(self, do: Callable[[Records], str | None], about: tuple[Target, ...] = (), **more: bool) -> None:
        self.events.append(Act(self._line(), do, about, **more))

    def _judge(self, channel: Channel, judge: Callable[[Ticks], str | None], whole_story: bool = False) -> None:
        target = _target(channel)

        def do(records: Records) -> str | None:
            complaint = judge(records[target])
            return None if complaint is None else records.told(target, complaint)

        self._do(do, (target,), judges=True, whole_story=whole_story)

    def _check(self, channel: Channel, check: Check) -> None:
        self._judge(channel, lambda ticks: check(ticks.last) if ticks.count else "expected a value")

    # How it becomes part of a graph.

    def dynamic_keys(self) -> dict[str, Any]:
        """The test's own keys for baskets."""
        return self.test_dynamic_keys

    def connect(self, channels: GatewayChannels) -> None:
        """Send, watch and check, as the script says."""
        run = GraphRunInfo.get_cur_run_times_info()
        start = run.starttime or _UNTIMED  # a graph that is only drawn has no times
        moments = moments_of(self.events, start)
        watched = Watched(channels, self.test_channels)
        watched.supply(channels, moments)
        records = Records()
        self._watch(watched, records, [act for moment in moments for act in moment.acts])
        play(Script(self.name, moments, records, start, run.is_realtime))

    def _watch(self, watched: Watched, records: Records, acts: list[Act]) -> None:
        for act in acts:
            watched.refuse_others(act.line, act.about)
            if act.judges and self.is_performance_test:
                raise ScriptError(f"{self.name}: a performance test writes no ticks down, so it cannot check anything")
        if self.is_performance_test:
            return
        whole_story = {target for act in acts if act.whole_story for target in act.about}
        for name, declaration in watched.channels.items():
            edges = watched.edges[name]
            if declaration.container is None:
                ticks = records.add(Ticks((name, None), (name, None) in whole_story))
                note(edges[None], ticks, self.verbose)
                continue
            whole = BasketTicks((name, None), declaration.container, edges, (name, None) in whole_story)
            records.add(whole)
            by_key = {key: records.add(Ticks((name, key), (name, key) in whole_story)) for key in edges}
            if edges:
                watch_basket(edges, whole, by_key, self.verbose)


def _target(channel: Channel) -> Target:
    if isinstance(channel, str):
        return channel, None
    if isinstance(channel, tuple) and len(channel) == 2 and isinstance(channel[0], str):
        return channel
    raise ScriptError(f"{calling_line()}: a channel is a name, or (name, key) of an entry of a basket, not {channel!r}")
