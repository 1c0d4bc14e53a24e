"""One listening socket and the server on it."""

import asyncio
import shutil
import ssl
import subprocess
import threading
from typing import Any

import httpx2
import pytest

from csp_gateway import Gateway, GatewaySettings, PortTakenError, StartError
from csp_gateway.server.web import WebServer
from csp_gateway.testing import serving_gateway


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


def test_it_serves_until_it_is_asked_to_stop() -> None:
    server = WebServer(GatewaySettings(PORT=0), {})
    told = []
    thread = threading.Thread(target=server.serve, args=(app, lambda: told.append("stopping")))
    thread.start()
    # Its socket listens already: this waits in the backlog until the loop runs.
    assert httpx2.get(server.url).text == "here"
    server.ask_to_stop()
    thread.join(20)
    assert not thread.is_alive()
    assert told == ["stopping"]


def test_when_the_end_is_short_new_requests_are_answered_for_half_of_it() -> None:
    server = WebServer(GatewaySettings(PORT=0), {})
    url, stopping = server.url, threading.Event()
    thread = threading.Thread(target=server.serve, args=(app, stopping.set, lambda: server.shorten_the_end(4)))
    thread.start()
    assert httpx2.get(url).text == "here"
    server.ask_to_stop()
    assert stopping.wait(5)
    assert httpx2.get(url).text == "here"
    server.ask_to_stop(hurry=True)
    thread.join(20)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_asked_to_stop_before_it_served() -> None:
    server = WebServer(GatewaySettings(PORT=0), {})
    server.ask_to_stop()
    server.serve(app, lambda: None)


def test_in_a_notebook_whose_loop_runs_already() -> None:
    server = WebServer(GatewaySettings(PORT=0), {})

    async def cell() -> None:
        threading.Timer(0.3, server.ask_to_stop).start()
        server.serve(app, lambda: None)

    asyncio.run(cell())


def test_a_taken_port_says_what_to_do_and_leaves_a_script_with_that() -> None:
    first = WebServer(GatewaySettings(PORT=0), {})
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(PortTakenError, match=rf"cannot listen on 127\.0\.0\.1:{port} .* CSP_GATEWAY_PORT") as taken:
        WebServer(GatewaySettings(PORT=port), {})
    first.close()
    assert first.url.endswith(f":{port}")  # where it was
    assert isinstance(taken.value, SystemExit)
    assert taken.value.code == str(taken.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "999.1.1.1"])
def test_an_address_that_is_none_of_this_machine_s_says_which_setting_it_is(host: str) -> None:
    with pytest.raises(PortTakenError, match=rf"cannot listen on {host}:0 .* CSP_GATEWAY_BIND"):
        WebServer(GatewaySettings(PORT=0, BIND=host), {})


def test_options_of_uvicorn_win_and_unknown_ones_are_refused() -> None:
    server = WebServer(GatewaySettings(PORT=1), {"host": "127.0.0.1", "port": 0, "ssl_context_factory": lambda *_: 0})
    assert server.url.startswith("https://localhost:")
    assert not server.url.endswith(":1")
    server.close()
    with pytest.raises(StartError, match="did you mean 'log_level'"):
        WebServer(GatewaySettings(PORT=0), {"log_levle": "info"})


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("::1", "localhost")]
)
def test_the_url_is_one_a_browser_here_can_open(host: str, shown: str) -> None:
    server = WebServer(GatewaySettings(PORT=0), {"host": host})
    assert server.url.startswith(f"http://{shown}:")
    server.close()


def test_an_option_that_nobody_has_is_refused_whether_it_serves_or_not() -> None:
    for rest in (False, True):
        with pytest.raises(
            StartError, match="neither start nor uvicorn has an option 'realtiem'; did you mean 'realtime'"
        ):
            Gateway().start(rest=rest, realtiem=False)
    with pytest.raises(StartError, match=r"known: block, .*, user_graph; and those of uvicorn\.Config$"):
        Gateway().start(zzz=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of this machine that it has signed itself, and its key."""
    where = tmp_path_factory.mktemp("tls")
    made, key = str(where / "certificate.pem"), str(where / "key.pem")
    said = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1", "-nodes"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(["openssl", "req", *kind, *said, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a certificate with")
def test_a_gateway_speaks_https(certificate: tuple[str, str]) -> None:
    made, key = certificate
    gateway = Gateway(settings=GatewaySettings(PORT=0))
    with serving_gateway(gateway, ssl_certfile=made, ssl_keyfile=key) as url:
        assert url.startswith("https://localhost:")
        trusting = ssl.create_default_context(cafile=made)
        answer = httpx2.get(f"{url}/openapi.json", verify=trusting, headers={"accept-encoding": "identity"})
        assert answer.json()["info"]["title"] == "Gateway"
        with pytest.raises(httpx2.ConnectError, match=r"self.signed"):
            httpx2.get(url, verify=ssl.create_default_context())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ssl_keyfile": "k"}, "ssl_keyfile is given and ssl_certfile is not"),
        ({"ssl_ca_certs": "c"}, "ssl_ca_certs is given and ssl_certfile is not"),
        ({"ssl_certfile": "nowhere.pem"}, "ssl_certfile='nowhere.pem': ssl_certfile is no file that can be read"),
        ({"ssl_certfile": __file__, "ssl_keyfile": "nowhere"}, "ssl_keyfile is no file that can be read"),
        ({"ssl_certfile": __file__}, "not a certificate and its key"),
    ],
)
def test_tls_that_cannot_be_spoken_is_said_before_the_start(options: dict[str, str], said: str) -> None:
    with pytest.raises(StartError, match=said):
        Gateway(settings=GatewaySettings(PORT=0)).start(rest=True, **options)


@pytest.mark.parametrize(
    "options", [{"lifespan": "on"}, {"ws": "none"}, {"log_config": {"version": 1, "disable_existing_loggers": False}}]
)
def test_options_that_have_defaults_here_can_be_given(options: dict[str, Any]) -> None:
    with serving_gateway(Gateway(settings=GatewaySettings(PORT=0)), **options) as url:
        assert httpx2.get(f"{url}/livez").status_code == 200
