"""What a listener pushes, as edges: one a channel, of a basket one a key, and the status."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,var-annotated,valid-type,name-defined,misc,no-any-return"

from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, TypeVar  # noqa: UP035  # csp reads typing.Dict and List

import csp
from csp import ts

from csp_gateway.client.csp_link import EngineLink, taken
from csp_gateway.server.channels import Declaration
from csp_gateway.server.modules.gateway_mirror.status import MirrorStatus

__all__ = ["STATUS", "Edges", "edges_of"]

STATUS = ""
"""What is pushed for no channel."""

K = TypeVar("K")
T = TypeVar("T")


class Edges(NamedTuple):
    """What is to be set: by channel an edge, of a basket all its edges; and the status."""

    fed: dict[str, Any]
    status: Any


def edges_of(link: EngineLink, channels: Mapping[str, tuple[Declaration, list[Any]]]) -> Edges:
    """The edges of what is pushed as ``(channel, tick)``.

    Args:
        channels: each with its declaration, and of a basket its keys.
    """
    each = _by_channel(taken(link.edge, link), [*channels, STATUS])
    fed: dict[str, Any] = {}
    for field, (declaration, keys) in channels.items():
        if not declaration.is_basket:
            fed[field] = _typed(each[field], declaration.ticks)
        elif keys:
            edges = _by_key(each[field], keys, declaration.ticks)
            fed[field] = (
                {key: edges[key] for key in keys} if declaration.container is dict else [edges[key] for key in keys]
            )
    return Edges(fed, _typed(each[STATUS], MirrorStatus))


@csp.node(memoize=False)
def _by_channel(items: ts[object], names: List[str]) -> csp.OutputBasket(Dict[str, ts[object]], shape="names"):  # noqa: UP006
    if csp.ticked(items):
        csp.output(dict(items))  # of one item: each ticks in a cycle of its own


@csp.node(memoize=False)
def _typed(x: ts[object], ticks: "T") -> ts["T"]:
    if csp.ticked(x):
        return x


@csp.node(memoize=False)  # csp cannot hash a basket by an Enum, and says so
def _by_key(x: ts[object], keys: List["K"], ticks: "T") -> csp.OutputBasket(Dict["K", ts["T"]], shape="keys"):  # noqa: UP006
    if csp.ticked(x):
        csp.output(x)
