"""An edge that is handed out before anybody supplies it."""

from typing import Any

from csp.impl.wiring.delayed_edge import DelayedEdge
from csp.impl.wiring.edge import Edge

__all__ = ["Promise"]


class Promise(DelayedEdge):  # type: ignore[misc]  # csp has no types
    """csp's delayed edge, bound without a graph call: that costs 75 µs, and a basket may have ten thousand keys."""

    def __init__(self, tstype: Any) -> None:
        super().__init__(tstype)

    def bind(self, edge: Edge) -> None:
        """Be ``edge`` from now on, once; ``edge`` is of the same type, and not itself a promise that is unbound."""
        if self.is_bound():
            raise RuntimeError("a promise is bound once")
        self.nodedef = edge.nodedef
        self.output_idx = edge.output_idx
        self.basket_idx = edge.basket_idx
