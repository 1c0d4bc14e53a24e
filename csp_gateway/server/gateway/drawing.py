"""The graph as a picture, instead of running it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import csp

from csp_gateway.errors import StartError

__all__ = ["draw_graph"]


def draw_graph(graph: Callable[[], Any], target: Path = Path("outputs/gateway.png")) -> Path:
    """Draw a csp graph to ``target``; returns where it is.

    Raises:
        StartError: graphviz is not installed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        csp.show_graph(graph, graph_filename=str(target))
    except ImportError as error:
        raise StartError("drawing the graph needs graphviz: pip install graphviz, and Graphviz itself") from error
    return target
