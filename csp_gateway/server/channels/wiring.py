"""WIRING: edges promised by ``get``, supplied by ``set``, joined at ``bind``."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def"

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import csp
from csp import ts
from csp.impl.wiring.delayed_edge import DelayedEdge
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import WiringError, WrongEdgeError
from csp_gateway.server.channels.feedback import promises_under, settle_order
from csp_gateway.server.channels.ledger import Entry, Ledger, Owner, calling_line
from csp_gateway.server.channels.schema import Schema

__all__ = ["Wiring"]

T = TypeVar("T")

_NOBODY = Owner("the application")


@csp.node
def silent_until(x: ts["T"], until: datetime) -> ts["T"]:
    """The ticks of ``x`` at and after engine time ``until`` (naive UTC); earlier ones are dropped."""
    if csp.ticked(x) and csp.now() >= until:
        return x


class Wiring:
    """The edges of one build of the graph.

    ``get`` may come before ``set``: it hands out a promise, an edge that is bound to what the channel's setters
    supply once every module is connected. Several supplies of one channel are merged by ``csp.flatten``, which loses
    nothing: values of one engine cycle follow each other in as many cycles of the same engine time.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.ledger = Ledger()
        self._promises: dict[str, DelayedEdge] = {}
        self._supplies: defaultdict[str, list[Edge]] = defaultdict(list)
        self._sends: dict[str, Edge] = {}
        self._owner = _NOBODY
        self._bound = False

    @contextmanager
    def on_behalf_of(self, owner: Owner) -> Iterator[None]:
        """Write what is got and set inside down to ``owner``."""
        before, self._owner = self._owner, owner
        try:
            yield
        finally:
            self._owner = before

    def get(self, field: str) -> Edge:
        """The edge of a channel, for a module.

        Raises:
            UnknownChannelError: there is no such channel.
            WiringError: the graph is closed.
        """
        promise = self.promise(field)
        self.ledger.getters[field].append(Entry(self._owner, calling_line()))
        return promise

    def promise(self, field: str) -> Edge:
        """The edge of a channel, without a claim that anybody must provide it."""
        declaration = self.schema[field]
        self._refuse_when_bound(field)
        if field not in self._promises:
            self._promises[field] = DelayedEdge(declaration.tstype)
        return self._promises[field]

    def set(self, field: str, edge: Edge) -> None:
        """One more supply of a channel.

        Raises:
            UnknownChannelError: there is no such channel.
            WrongEdgeError: not an edge, or an edge of another type than declared.
            WiringError: the graph is closed.
        """
        declaration = self.schema[field]
        self._refuse_when_bound(field)
        where = f"{self.schema.owner}.{field}, set by {self._owner.name} at {(line := calling_line())}"
        if not isinstance(edge, Edge):
            raise WrongEdgeError(f"{where}: expected a {declaration} edge, got {type(edge).__name__} {edge!r:.80}")
        if edge.tstype != declaration.tstype:
            raise WrongEdgeError(f"{where}: expected a {declaration} edge, got one of {_spelled(edge.tstype)}")
        if self._owner.silent_until is not None:
            edge = silent_until(edge, self._owner.silent_until)
        self.ledger.setters[field].append(Entry(self._owner, line))
        self._supplies[field].append(edge)

    def set_send(self, field: str, edge: Edge, silent: datetime | None) -> None:
        """The supply that carries what the outside sends; one a channel, merged before all others."""
        self._sends[field] = silent_until(edge, silent) if silent is not None else edge
        self.ledger.setters[field].append(Entry(Owner(f"Send[{field}]"), calling_line()))

    def bind(self) -> None:
        """Join what was promised with what was supplied; nothing can be got or set afterwards.

        Raises:
            NoProviderException: a module cannot do without a channel that nobody sets.
        """
        self.ledger.refuse_debts(self.schema)
        self._bound = True
        promised = {id(edge): field for field, edge in self._promises.items()}
        known: dict[int, frozenset[str]] = {}
        needs = {
            field: [promises_under(edge, promised, known) for edge in edges] for field, edges in self._supplies.items()
        }
        order, fed_back = settle_order(self.schema, needs)
        closing = [(csp.feedback(self.schema[field].ticks), field, index) for field, index in sorted(fed_back)]
        late = {(field, index): feedback for feedback, field, index in closing}
        for field in order:
            self._bind_one(field, late)
        for feedback, field, index in closing:
            feedback.bind(self._supplies[field][index])

    def _bind_one(self, field: str, late: dict[tuple[str, int], Any]) -> None:
        if field not in self._promises:
            return
        supplies = [self._sends[field]] if field in self._sends else []
        for index, edge in enumerate(self._supplies.get(field, ())):
            supplies.append(late[field, index].out() if (field, index) in late else edge)
        ticks = self.schema[field].ticks
        self._promises[field].bind(csp.flatten(supplies) if supplies else csp.null_ts(ticks))

    def _refuse_when_bound(self, field: str) -> None:
        if self._bound:
            raise WiringError(
                f"{self.schema.owner}.{field} at {calling_line()}: the graph is closed; "
                f"channels are got and set in a module's connect"
            )


def _spelled(tstype: Any) -> str:
    ticks = getattr(tstype, "typ", tstype)
    return f"ts[{getattr(ticks, '__name__', str(ticks))}]"
