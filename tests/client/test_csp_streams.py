"""CspStreams: a client's channels as a csp edge."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import csp
import pytest

from csp_gateway.client import csp_streams
from csp_gateway.client.aio import AsyncGatewayClient
from csp_gateway.client.csp_stream import ConnectionError
from csp_gateway.client.sync import GatewayClient


@pytest.mark.parametrize("kind", [GatewayClient, AsyncGatewayClient])
@pytest.mark.parametrize("mode", [None, csp.PushMode.BURST], ids=str)
def test_every_client_has_it(kind: Any, mode: Any) -> None:
    client = kind(host="127.0.0.1", port=1)

    def graph() -> None:
        csp.print(
            "told", csp.dynamic_collect(client.stream_csp(csp.const("quotes"), push_mode=mode, connection_timeout=0))
        )

    with pytest.raises(ConnectionError, match="no live connection to ws:"):
        csp.run(graph, realtime=True, endtime=timedelta(seconds=20))


def test_csp_is_imported_when_it_is_asked_for() -> None:
    program = "import sys; from csp_gateway.client import GatewayClient; GatewayClient(); print('csp' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


def test_without_csp_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'csp'", name="csp")

    monkeypatch.setattr(csp_streams, "import_module", missing)
    with pytest.raises(ImportError, match=r"client\.stream_csp needs csp: pip install csp"):
        GatewayClient().stream_csp(None)
