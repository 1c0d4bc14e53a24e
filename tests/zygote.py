"""Python with csp and csp_gateway imported already: programs begin in a hundredth of the time, and end as all do.

``python()`` stands for ``[sys.executable]`` in a command. The process that it starts is forked off one that has
imported what they all do, of which ``import csp`` alone takes seconds; it has standard streams, a folder, an
environment and signals of its own, and it is the interpreter that ends. Tests of what is imported when, and of what
users start, start Python itself. Who kills such a process waits for its launcher: it is dead a moment later.
"""

import atexit
import builtins
import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import types
from pathlib import Path

__all__ = ["python"]

_PRELOADED = (
    "csp_gateway.server.cli",
    "csp_gateway.server.modules.tables",
    "csp_gateway.testing",
    "csp_gateway.client.sync_streams",
    "hydra.main",
    "perspective",
    "pyarrow",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
    "websockets.asyncio.client",
)
_LARGEST = 1024 * 1024


@functools.cache
def python() -> list[str]:
    """A command that runs Python programs: a file and its arguments, ``-c`` or ``-m``; where Linux is not, Python's."""
    if sys.platform != "linux":
        return [sys.executable]
    place = str(Path(tempfile.mkdtemp(prefix="zygote-")) / "socket")
    command = [sys.executable, "-u", "-m", __name__, place]
    zygote = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert zygote.stdout is not None
    with zygote.stdout as said:
        assert said.readline() == b"ready\n"
    atexit.register(zygote.communicate)  # it ends when its input does
    return [sys.executable, "-IS", str(Path(__file__).with_name("launch.py")), place]


def _serve(place: str) -> dict[str, list[str]]:
    """Fork for whoever asks; returns in the children, with what they are to run."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(place)
        listener.listen(64)
        print("ready", flush=True)  # noqa: T201
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
        while True:
            asked, _, _ = select.select([listener, sys.stdin], [], [])
            if listener not in asked:
                os.unlink(place)
                os.rmdir(os.path.dirname(place))
                os._exit(0)
            launcher, _ = listener.accept()
            if not os.fork():
                break
            launcher.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, streams, _, _ = socket.recv_fds(launcher, _LARGEST, 3)
    child = os.fork()
    if child:
        _keep(child, launcher)
    launcher.close()
    order = json.loads(message)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    gc.unfreeze()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    return order


def _keep(child: int, launcher: socket.socket) -> None:
    """Tell the launcher how its child ends, or end the child with it."""
    with contextlib.suppress(OSError):
        launcher.send(b"%d" % child)
    ends = os.pidfd_open(child)
    if ends not in select.select([ends, launcher], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        launcher.send(b"%d" % status)
    os._exit(0)


def _run(arguments: list[str]) -> None:
    """As ``python`` does."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__builtins__ = builtins  # type: ignore[attr-defined]
    first, *rest = arguments
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if first == "-m":
        sys.argv, sys.path[0] = rest, os.getcwd()
        found = importlib.util.find_spec(rest[0])
        if found is not None and found.submodule_search_locations is not None:
            found = importlib.util.find_spec(f"{rest[0]}.__main__")
        assert found is not None
        assert found.origin is not None
        file = found.origin
        main.__spec__, main.__package__ = found, found.parent
    elif first == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        exec(compile(rest[0], "<string>", "exec"), main.__dict__)
        return
    else:
        file = first
        sys.argv, sys.path[0] = arguments, os.path.dirname(os.path.abspath(file))
    main.__file__ = file
    exec(compile(Path(file).read_bytes(), file, "exec"), main.__dict__)


if __name__ == "__main__":
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    _run(_serve(sys.argv[1])["arguments"])
