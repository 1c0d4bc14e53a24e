"""The fixtures, as a project of a user's has them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from csp_gateway import Gateway, MountRestRoutes
from csp_gateway.testing import GatewayTestClient, MyExampleModule, MySmallGateway, MySmallGatewayChannels

GUIDE = Path(__file__).parents[2] / "docs/guide/testing.md"

CONFTEST = 'pytest_plugins = ["csp_gateway.testing.fixtures"]\n'

TESTS = '''
import threading
from http.client import HTTPConnection

from csp_gateway import GatewayModule, MountRestRoutes
from csp_gateway.testing import MyExampleModule, MySmallGateway, MySmallGatewayChannels


class Sulks(GatewayModule):
    def connect(self, channels):
        """It needs nothing."""

    def shutdown(self):
        raise ZeroDivisionError("sulks")


def test_run(run_gateway):
    assert run_gateway(MySmallGateway(modules=[MyExampleModule()])).running


def test_client(gateway_client):
    client = gateway_client(MySmallGatewayChannels(), MyExampleModule(), MountRestRoutes(), TITLE="Desk")
    assert client.get("/openapi.json").json()["info"]["title"] == "Desk"


def test_serve(serve_gateway):
    url = serve_gateway(MySmallGatewayChannels(), MyExampleModule(), MountRestRoutes())
    asking = HTTPConnection(url.removeprefix("http://"), timeout=20)
    asking.request("GET", "/api")
    assert asking.getresponse().status == 200
    asking.close()


def test_nothing_is_left():
    assert "csp-engine" not in {thread.name for thread in threading.enumerate()}


def test_serve_badly(serve_gateway):
    serve_gateway(MySmallGatewayChannels(), Sulks())
'''


@pytest.mark.timeout(180)
def test_a_user_names_them_in_a_conftest(tmp_path: Path) -> None:
    """The tests of the guide are among those that run."""
    guide = "\n".join(re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL))
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_desk.py").write_text(TESTS)
    (tmp_path / "test_guide.py").write_text(guide)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", tmp_path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=150)
    assert "8 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "ERROR test_desk.py::test_serve_badly - csp_gateway.errors.ShutdownError" in done.stdout


def test_several_of_each_may_run_at_once(run_gateway: Any, gateway_client: Any) -> None:
    gateways = [run_gateway(MySmallGateway(modules=[MyExampleModule()])) for _ in range(2)]
    clients = [gateway_client(MySmallGatewayChannels(), MyExampleModule()) for _ in range(2)]
    assert all(isinstance(gateway, Gateway) and gateway.running for gateway in gateways)
    assert all(isinstance(client, GatewayTestClient) and client.gateway.running for client in clients)


def test_names_in_small_letters_are_options_of_start(gateway_client: Any) -> None:
    client = gateway_client(MySmallGatewayChannels(), MyExampleModule(), MountRestRoutes(), ui=True, TITLE="Desk")
    assert "<title>Desk</title>" in client.get("/").text


@pytest.mark.timeout(180)
def test_only_the_fixtures_need_pytest_and_only_a_client_needs_httpx() -> None:
    program = """
import sys
sys.modules.update(httpx=None, httpx2=None)  # importing them is an error now
from csp_gateway import testing
assert not {"csp", "pydantic", "numpy", "fastapi"} & set(sys.modules)
for name in testing.__all__:
    if name not in ("GatewayTestClient", "client_to"):
        getattr(testing, name)
assert "pytest" not in sys.modules
import csp_gateway.testing.fixtures
assert "starlette.testclient" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=150)
    assert (done.returncode, done.stderr) == (0, "")
