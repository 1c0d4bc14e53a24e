"""An application that fails where it is told to: ``python failing.py <place> <port>``, and see ``Part``.

It says ``fails <monotonic time>`` when it does, and ends with the status of the error that comes out of ``start``.
"""

import sys
import threading
import time
import traceback
from typing import Any

import csp
from csp import ts
from csp.impl.pushadapter import PushInputAdapter
from csp.impl.wiring import py_push_adapter_def

from csp_gateway import (
    Controls,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountControls,
    MountRestRoutes,
)
from csp_gateway.errors import GatewayException


class Note(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    notes: ts[Note] = None
    go: ts[Note] = None
    controls: ts[Controls] = None


class Feed(PushInputAdapter):  # type: ignore[misc]  # csp has no types
    """A source whose own thread fails once it may, and tells the engine, as csp has it."""

    def __init__(self, go: threading.Event, fail: Any) -> None:
        self._go = go
        self._fail = fail

    def start(self, starttime: Any, endtime: Any) -> None:
        threading.Thread(target=self._run, name="the-feed", daemon=True).start()

    def stop(self) -> None:
        self._go.set()

    def _run(self) -> None:
        self._go.wait()
        try:
            self._fail("adapter")
        except ZeroDivisionError as error:
            self.shutdown_engine(error)


feed = py_push_adapter_def("feed", Feed, ts[bool], go=threading.Event, fail=object)


class Part(GatewayModule):
    """Fails at its place; what is sent to ``go`` lets a node and an adapter."""

    place: str

    def connect(self, channels: Ch) -> None:
        self.fail("connect")
        for name in (Ch.notes, Ch.go):
            channels.add_send_channel(name)
        go = threading.Event()
        csp.add_graph_output("node", csp.apply(channels.get_channel(Ch.go), lambda _: self.node(go), bool))
        csp.add_graph_output("feed", feed(go, self.fail))

    def node(self, go: threading.Event) -> bool:
        go.set()
        self.fail("node")
        return True

    def rest(self, app: Any) -> None:
        self.fail("rest")
        app.get_router().get("/plain")(lambda: self.fail("handler"))
        app.get_router().get("/hold")(lambda: self.hold(30))

        @app.get_router().get("/coroutine")
        async def coroutine() -> None:
            self.fail("handler")

    def hold(self, seconds: float) -> None:
        say("holds")
        time.sleep(seconds)

    def shutdown(self) -> None:
        self.fail("shutdown")

    def fail(self, place: str) -> None:
        if self.place == place:
            say(f"fails {time.monotonic()}")
            raise ZeroDivisionError(f"in the {place} of the user's")


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


def main(part: Part, *more: GatewayModule, port: int) -> None:
    modules = [part, MountControls(), MountRestRoutes(force_mount_all=True), *more]
    try:
        Gateway(modules=modules, channels=Ch(), settings=GatewaySettings(PORT=port)).start(rest=True)
    except GatewayException as error:
        traceback.print_exception(error)
        sys.exit(error.exit_status)
    finally:
        say("finally")


if __name__ == "__main__":
    main(Part(place=sys.argv[1]), port=int(sys.argv[2]))
