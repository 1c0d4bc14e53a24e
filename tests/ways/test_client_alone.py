"""The client alone, as a distribution of its own: from its wheel, in an environment where nothing else of ours is."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ways.contract import serving_all

ROOT = Path(__file__).parent.parent.parent
CLIENT = ROOT / "packages" / "csp-gateway-client"


@pytest.fixture
def omnibus() -> Iterator[str]:
    with serving_all() as url:
        yield url


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CLIENT)]
    subprocess.run([sys.executable, *build], check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    made = folder / "venv" / "bin" / "python"
    subprocess.run([made, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True, text=True)
    return made


@pytest.mark.timeout(240)
def test_every_method_works_where_nothing_of_the_server_is_installed(python: Path, omnibus: str) -> None:
    program = [str(python), str(Path(__file__).parent / "client_alone.py"), omnibus]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, cwd=python.parent)
    assert (done.returncode, done.stdout.strip()) == (0, "all is well"), done.stderr


@pytest.mark.timeout(240)
def test_a_star_import_brings_what_is_here(python: Path) -> None:
    program = "from csp_gateway import *; print(GatewayClient.__name__, Query.__name__, 'Gateway' in globals())"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, timeout=30, cwd=python.parent)
    assert (done.returncode, done.stdout.strip()) == (0, "GatewayClient Query False"), done.stderr


@pytest.mark.timeout(240)
def test_the_command_says_what_it_needs(python: Path) -> None:
    done = subprocess.run([str(python.parent / "csp-gateway"), "channels"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "pip install" in done.stderr
    assert "csp-gateway-client[cli]" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_of_the_same_version_and_needs_nothing_that_the_whole_does_not() -> None:
    whole, alone = (tomllib.loads((folder / "pyproject.toml").read_text())["project"] for folder in (ROOT, CLIENT))
    assert alone["version"] == whole["version"]
    assert alone["requires-python"] == whole["requires-python"]
    assert set(alone["dependencies"]) <= set(whole["dependencies"])
    assert alone["scripts"].items() <= whole["scripts"].items()
    optional = [each for extra in alone["optional-dependencies"].values() for each in extra]
    others = [*whole["dependencies"], *(each for extra in whole["optional-dependencies"].values() for each in extra)]
    assert set(optional) <= set(others)


def test_all_that_it_needs_of_ours_is_in_it() -> None:
    parts = tomllib.loads((CLIENT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    packed = {Path(part).name for part in parts["force-include"]}
    server_only = {"server", "testing"}
    there = {path.name for path in (ROOT / "csp_gateway").iterdir() if path.name != "__pycache__"}
    assert packed == there - server_only
