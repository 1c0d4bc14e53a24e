"""The public names: each resolves, none replaces a name of the caller, and importing costs only what is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import csp_gateway

PACKAGE = Path(csp_gateway.__file__).parent


def run(program: str, seconds: float = 50, env: dict[str, str] | None = None) -> str:
    """What a program prints in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=seconds, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_public_name_resolves() -> None:
    for name in csp_gateway.__all__:
        assert getattr(csp_gateway, name) is not None, name


def test_a_public_name_is_listed_once() -> None:
    assert len(csp_gateway.__all__) == len(set(csp_gateway.__all__))


def test_a_star_import_replaces_no_name_of_the_caller_and_brings_no_module() -> None:
    print_what_changed = """
import csp, fastapi, io, json, logging, struct, types
settings = object()
before = dict(globals())
from csp_gateway import *
print({name for name, value in before.items() if globals()[name] is not value})
print({name for name, value in globals().items() if name not in before and isinstance(value, types.ModuleType)})
"""
    assert run(print_what_changed).split() == ["set()", "set()"]


def test_the_package_alone_loads_nothing_heavy() -> None:
    heavy = {"csp", "fastapi", "hydra", "numpy", "pandas", "perspective", "polars", "pyarrow", "pydantic", "uvicorn"}
    assert run(f"import sys, csp_gateway; print({heavy!r} & set(sys.modules))").strip() == "set()"


def test_the_example_loads_nothing_it_does_not_use() -> None:
    unused = {"hydra", "omegaconf", "pandas", "polars"}
    assert run(f"import sys; from csp_gateway import *; print({unused!r} & set(sys.modules))").strip() == "set()"


def test_a_client_that_only_asks_loads_nothing_that_follows_queries_or_makes_frames() -> None:
    asks = """
import sys
from csp_gateway import GatewayClient
from csp_gateway.errors import ServerUnreachableError
with GatewayClient(port=1, retries=0) as client:
    try:
        client.last("quotes")
    except ServerUnreachableError:
        pass
"""
    unused = {"asyncio", "websockets", "csp", "numpy", "pandas", "polars", "pyarrow", "rich", "typer"}
    unused |= {f"csp_gateway.{name}" for name in ("server", "wire.query", "client.columns", "client.stream")}
    assert run(f"{asks}\nprint({unused!r} & set(sys.modules))").strip() == "set()"
    has_asyncio = "import sys; from csp_gateway import AsyncGatewayClient; AsyncGatewayClient()"
    assert run(f"{has_asyncio}\nprint({unused - {'asyncio'}!r} & set(sys.modules))").strip() == "set()"


@pytest.mark.timeout(240)
def test_every_module_can_be_imported_first(tmp_path: Path) -> None:
    """Each module in a process of its own where no other of ours is loaded: no circle, no order that must be kept.

    The processes are forks of one that has loaded what others wrote, or each would take as long as ``import csp``;
    what one has compiled the others read, even where Python is told to write no bytecode.
    """
    modules = sorted(
        ".".join(("csp_gateway", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
        if path.name != "__main__.py"
    )
    if "CSP_GATEWAY_STRESS_SECONDS" not in os.environ:
        # The import contracts prove that there is no circle; a few of the modules will do for what they cannot see.
        modules = modules[::6]
    import_each = f"""
import gc, importlib, os, sys, warnings
import ccflow, csp, fastapi, fastapi.testclient, hydra, perspective, pyarrow, pytest, starlette.routing, uvicorn
warnings.simplefilter("ignore")
running, failed = {{}}, []
gc.disable()  # a child lives for too short a time to collect anything, and would copy all that it looks at

def reap():
    child, status = os.wait()
    module = running.pop(child)
    failed.extend([module] if status else [])

for module in {modules!r}:
    while len(running) >= os.cpu_count():
        reap()
    child = os.fork()
    if not child:
        assert not [name for name in sys.modules if name.startswith("csp_gateway")]
        try:
            importlib.import_module(module)
        except BaseException as error:
            print(module, repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    running[child] = module
while running:
    reap()
sys.exit(" ".join(failed) or 0)
"""
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    run(import_each, 230, {**os.environ, **bytecode})
