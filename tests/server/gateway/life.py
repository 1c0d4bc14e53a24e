"""A small application that says how it lives and ends: ``python life.py <how> [port]``, and see ``main``."""

import atexit
import signal
import sys
import threading
import time
from datetime import timedelta

import csp
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewaySettings, GatewayStruct


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


class Feed(GatewayModule):
    how: str = ""

    def connect(self, channels: Ch) -> None:
        if self.how == "stuck":
            say("connecting")
            threading.Event().wait(1)
        numbers = csp.count(csp.timer(timedelta(milliseconds=10), True))
        channels.set_channel(Ch.a, csp.apply(numbers, self.make, Count))

    def make(self, n: int) -> Count:
        if self.how == "breaks" and n == 20:
            say(str(time.monotonic()))
            raise ZeroDivisionError("in a node")
        if n == 1 and self.how != "breaks":
            say("ticked")
        return Count(n=n)

    def shutdown(self) -> None:
        say("shutdown")


def main(how: str, port: int) -> None:
    gateway = Gateway(modules=[Feed(how=how)], channels=Ch(), settings=GatewaySettings(PORT=port))
    atexit.register(say, "atexit")
    try:
        if how == "background":
            asked = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: asked.set())
            gateway.start(block=False)
            asked.wait()
            gateway.stop()
        elif how in ("forgets", "raises"):
            gateway.start(block=False)
            if how == "raises":
                raise ValueError("of the user's own")
        else:
            gateway.start(rest=how in ("serve", "stuck", "breaks"))
    finally:
        say("finally")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
