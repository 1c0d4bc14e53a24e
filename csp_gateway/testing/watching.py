"""The channels that a script may touch: every step that touches another is refused when the graph is built."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import csp
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import ScriptError, WrongTickError, did_you_mean
from csp_gateway.server.channels import ChannelSelection, Check, Declaration, GatewayChannels
from csp_gateway.testing.moments import Moment, Send
from csp_gateway.testing.records import Target
from csp_gateway.testing.script import sent

__all__ = ["Watched"]


class Watched:
    """The selected channels of one build of the graph.

    Raises:
        UnknownChannelError: a selected name is not declared.
        ScriptError: a selected name is a static value's.
    """

    def __init__(self, channels: GatewayChannels, selection: ChannelSelection) -> None:
        self._all = channels.declared
        for name in selection.include or ():
            if name in self._all.statics:
                raise ScriptError(f"test_channels: {self._all.unknown(name)}")
        self.channels = {name: self._all[name] for name in selection.select_from(channels)}
        self.edges: dict[str, dict[Any, Edge]] = {}
        """Channel → its edges by key; under the key None if it is no basket."""
        for name, declaration in self.channels.items():
            got = channels.get_channel(name)
            if declaration.container is None:
                got = {None: got}
            self.edges[name] = dict(enumerate(got)) if declaration.container is list else got

    def refuse_others(self, line: str, targets: Iterable[Target]) -> None:
        """Hold that each target is watched.

        Raises:
            ScriptError: naming the line and the nearest channel or key that is.
        """
        for name, key in targets:
            if name not in self.channels:
                what = f"{line}: channel {name!r} is not watched"
                if name in self._all:
                    raise ScriptError(f"{what}: add it to the harness's test_channels")
                raise ScriptError(f"{what}; {did_you_mean(str(name), self.channels)}")
            declaration = self.channels[name]
            if key is not None and declaration.container is None:
                raise ScriptError(f"{line}: channel {name!r} is {declaration}, no basket: leave the key {key!r} out")
            if key is not None and not _has(self.edges[name], key):
                known = did_you_mean(str(key), map(str, self.edges[name]))
                raise ScriptError(f"{line}: basket {name!r} has no key {key!r}; {known:.200}")

    def supply(self, channels: GatewayChannels, moments: Iterable[Moment]) -> None:
        """Set each channel to what the script sends on it; also to nothing, so that it counts as provided.

        Raises:
            ScriptError: a send to what is not watched; it names the line.
            WrongTickError: a value that cannot tick there.
        """
        sends = self._by_edge(moments)
        for name, declaration in self.channels.items():
            edges = {
                key: sent(sends[name, key], declaration.ticks)
                if (name, key) in sends
                else csp.null_ts(declaration.ticks)
                for key in self.edges[name]
            }
            if declaration.container is None:
                channels.set_channel(name, edges[None])
            else:
                channels.set_channel(name, edges if declaration.container is dict else list(edges.values()))

    def _by_edge(self, moments: Iterable[Moment]) -> dict[Target, list[tuple[datetime, Any]]]:
        """What is sent on each edge, and when."""
        checks = {name: Check(declaration) for name, declaration in self.channels.items()}
        sends: dict[Target, list[tuple[datetime, Any]]] = {}
        for moment in moments:
            for send in moment.sends:
                self.refuse_others(send.line, [send.target])
                name = send.target[0]
                for key, value in self._by_key(send, self.channels[name]).items():
                    self.refuse_others(send.line, [(name, key)])
                    try:
                        tick = checks[name](value)
                    except TypeError as error:
                        raise WrongTickError(f"{send.line}: {error}") from None
                    sends.setdefault((name, key), []).append((moment.time, tick))
        return sends

    def _by_key(self, send: Send, declaration: Declaration) -> Mapping[Any, Any]:
        name, key = send.target
        value = send.value
        if declaration.container is None or key is not None:
            return {key: value}
        if declaration.container is dict:
            if not isinstance(value, Mapping):
                raise WrongTickError(
                    f"{send.line}: basket {name!r} takes a dict of values by key, got {type(value).__name__} "
                    f"{value!r:.80}; or send to one key: send(({name!r}, key), value)"
                )
            return value
        count = len(self.edges[name])
        if not isinstance(value, list | tuple) or len(value) != count:
            raise WrongTickError(
                f"{send.line}: basket {name!r} takes a list of {count} values, None for no tick, "
                f"got {type(value).__name__} {value!r:.80}; or send to one position: send(({name!r}, 0), value)"
            )
        return {position: each for position, each in enumerate(value) if each is not None}


def _has(edges: Mapping[Any, Edge], key: Any) -> bool:
    try:
        return key in edges
    except TypeError:  # it cannot be hashed
        return False
