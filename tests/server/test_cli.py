"""csp-gateway-start, as a user runs it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from csp_gateway import GatewaySettings
from csp_gateway.errors import BuildFailedError
from csp_gateway.server.web import WebServer
from tests.zygote import python

ROOT = Path(__file__).parents[2]
DEMO = [f"--config-dir={ROOT / 'csp_gateway/server/demo'}", "+config=demo"]
PROGRAM = ["-c", "from csp_gateway.server.cli import main; main()"]


def start(*arguments: str, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [*python(), *PROGRAM, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=50, check=False)


def test_alone_it_says_what_to_do(tmp_path: Path) -> None:
    ended = start(cwd=tmp_path)
    assert ended.returncode == 1
    assert "--config-dir=csp_gateway/server/demo +config=demo" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_variable_is_one_sentence(tmp_path: Path) -> None:
    ended = start(*DEMO, "start=false", cwd=tmp_path, CSP_GATEWAY_PROT="8000")
    assert ended.returncode == 2
    assert ended.stderr == (
        "VariableError: there is no setting for the environment variable 'CSP_GATEWAY_PROT'; "
        "did you mean 'CSP_GATEWAY_PORT'?\n"
    )


def test_it_can_show_the_configuration_instead_of_starting(tmp_path: Path) -> None:
    ended = start(*DEMO, "port=9000", "start=false", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "PORT: 9000" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["+config=demo"], "There is no file config/demo.yaml: --config-dir is missing."),
        ([*DEMO, "++modules.mount_rest_routes.mount_lasts=1"], "no option 'mount_lasts'; did you mean 'mount_last'"),
        ([*DEMO, "++gateway.settings.PROT=1"], "there is no setting 'PROT'; did you mean 'PORT'?"),
        ([*DEMO, "++settings.PROT=1"], "there is no setting 'PROT'; did you mean 'PORT'?"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_status_1(arguments: list[str], said: str, tmp_path: Path) -> None:
    ended = start(*arguments, cwd=tmp_path)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_a_sentence_and_status_1(tmp_path: Path) -> None:
    taken = WebServer(GatewaySettings(PORT=0), {})
    ended = start(*DEMO, f"port={taken.url.rpartition(':')[2]}", cwd=tmp_path)
    taken.close()
    assert ended.returncode == 1
    assert "PortTakenError: cannot listen on 127.0.0.1:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_fails_is_told_with_its_line_and_the_status_of_the_error(tmp_path: Path) -> None:
    failing = "++modules.example_module._target_=tests.server.gateway.failing.Part"
    folder = f"++gateway.settings.POSTMORTEM_FOLDER={tmp_path / 'left'}"
    ended = start(*DEMO, "port=0", failing, "++modules.example_module.place=connect", folder, cwd=tmp_path)
    assert ended.returncode == BuildFailedError.exit_status
    assert "ZeroDivisionError: in the connect of the user's" in ended.stderr
    (left,) = (tmp_path / "left").iterdir()
    assert ended.stderr.endswith(f"What was so when it failed is written down in {left}\n")


def test_it_serves_the_demo_until_it_is_interrupted(tmp_path: Path) -> None:
    probe = WebServer(GatewaySettings(PORT=0), {})
    url = probe.url
    probe.close()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, *PROGRAM, *DEMO, f"port={url.rpartition(':')[2]}"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
    ) as app:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline and app.poll() is None:
            with contextlib.suppress(httpx2.ConnectError):
                # While it starts it says 503.
                if (answer := httpx2.get(f"{url}/api/v1/last/example")).status_code == 200 and answer.json():
                    break
            time.sleep(0.1)
        assert httpx2.get(f"{url}/api/v1/last/example").json()[0]["x"] >= 1
        assert httpx2.get(url).headers["content-type"].startswith("text/html")
        app.send_signal(signal.SIGINT)
        assert app.wait(20) == 0
