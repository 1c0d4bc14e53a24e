"""The graph as a picture."""

import importlib.util
from datetime import timedelta
from pathlib import Path

import csp
import pytest

from csp_gateway import StartError
from csp_gateway.server.gateway.drawing import draw_graph


def graph() -> None:
    csp.add_graph_output("n", csp.count(csp.timer(timedelta(seconds=1), True)))


@pytest.mark.skipif(importlib.util.find_spec("graphviz") is not None, reason="graphviz is installed here")
def test_without_graphviz_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="pip install graphviz"):
        draw_graph(graph, tmp_path / "deep" / "gateway.png")
