"""A Python program as a process, by ``tests.zygote``: ``python -IS launch.py SOCKET`` and then what python is told.

What it is sent, its child is sent; it ends as its child does, and its child ends when it does.
"""

import json
import os
import signal
import socket
import sys


def main() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as zygote:
        zygote.connect(sys.argv[1])
        order = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
        signals = (signal.SIGINT, signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # until there is a child to be told
        socket.send_fds(zygote, [json.dumps(order).encode()], [0, 1, 2])
        child = int(zygote.recv(64))
        for number in signals:
            signal.signal(number, lambda number, _frame: os.kill(child, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        status = os.waitstatus_to_exitcode(int(zygote.recv(64)))
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main()
