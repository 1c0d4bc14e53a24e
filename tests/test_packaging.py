"""What is built and installed: the page in the wheel when Node.js is there, a wheel all the same when it is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUNDLE = "csp_gateway/server/build"
OLD_NODE = "#!/bin/sh\necho v18.19.1\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the package is built from, without anything built."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, copy)
    leave = shutil.ignore_patterns("node_modules", "dist", "build", "__pycache__")
    shutil.copytree(ROOT / "js", copy / "js", ignore=leave)
    shutil.copytree(ROOT / "csp_gateway", copy / "csp_gateway", ignore=leave)
    if (ROOT / "js" / "node_modules").exists():
        (copy / "js" / "node_modules").symlink_to(ROOT / "js" / "node_modules")
    return copy


@pytest.fixture
def no_node(tmp_path: Path) -> dict[str, str]:
    """An environment in which there is no Node.js."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin")}


@pytest.fixture
def old_node(tmp_path: Path) -> dict[str, str]:
    """An environment in which Node.js is too old."""
    (tmp_path / "old").mkdir()
    for name in ("node", "npm"):
        (tmp_path / "old" / name).write_text(OLD_NODE)
        (tmp_path / "old" / name).chmod(0o755)
    return {"PATH": f"{tmp_path / 'old'}:/usr/bin:/bin"}


def build(folder: Path, *targets: str, **environment: str) -> subprocess.CompletedProcess[str]:
    arguments = [part for target in targets for part in ("-t", target)]
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def names_in_wheel(folder: Path) -> set[str]:
    (wheel,) = (folder / "dist").glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def unpacked_sdist(folder: Path) -> Path:
    (archive,) = (folder / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        # Python 3.11 has the filter from 3.11.4 on, and from 3.12 on warns without it.
        tar.extractall(folder / "unpacked", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (source,) = (folder / "unpacked").iterdir()
    return source


def test_wheel_and_sdist_carry_the_page_and_the_sdist_needs_no_node(checkout: Path, no_node: dict[str, str]) -> None:
    assert build(checkout, "sdist", "wheel").returncode == 0
    names = names_in_wheel(checkout)
    assert f"{BUNDLE}/index.html" in names
    assert any(name.startswith(f"{BUNDLE}/static/index-") and name.endswith(".js") for name in names)
    assert {"csp_gateway/py.typed", "csp_gateway/server/web/templates/favicon.ico"} <= names
    assert not [name for name in names if name.startswith(("js/", "tests/"))]

    source = unpacked_sdist(checkout)
    assert (source / "js" / "package-lock.json").is_file()
    assert not (source / "js" / "node_modules").exists()
    again = build(source, "wheel", **no_node)
    assert again.returncode == 0
    assert "Node.js" not in again.stderr
    assert names_in_wheel(source) == names


def test_a_page_that_is_current_is_not_built_again(checkout: Path, no_node: dict[str, str]) -> None:
    assert build(checkout, "wheel").returncode == 0
    unchanged = build(checkout, "wheel", **no_node)
    assert "Node.js" not in unchanged.stderr
    (checkout / "js" / "src" / "lib" / "some.test.ts").write_text("// tests are not built\n")
    assert "Node.js" not in build(checkout, "wheel", **no_node).stderr
    (checkout / "js" / "src" / "main.tsx").write_text("// something else\n")
    changed = build(checkout, "wheel", **no_node)
    assert changed.returncode == 0
    assert "the page built earlier is kept" in changed.stderr


def test_without_node_it_installs_and_says_what_is_missing(checkout: Path, no_node: dict[str, str]) -> None:
    done = build(checkout, "wheel", **no_node)
    assert done.returncode == 0
    assert "Node.js with npm was not found" in done.stderr
    assert "20.19" in done.stderr
    names = names_in_wheel(checkout)
    assert f"{BUNDLE}/index.html" not in names
    assert f"{BUNDLE}/not-built.txt" in names


def test_a_node_that_is_too_old_is_named(checkout: Path, old_node: dict[str, str]) -> None:
    done = build(checkout, "wheel", **old_node)
    assert done.returncode == 0
    assert "Node.js v18.19.1 is too old" in done.stderr
    assert "v18.19.1" in (checkout / BUNDLE / "not-built.txt").read_text()


def test_a_page_that_cannot_be_built_is_no_reason_not_to_install(checkout: Path) -> None:
    (checkout / "js" / "src" / "main.tsx").write_text("this is { not TypeScript\n")
    done = build(checkout, "wheel")
    assert done.returncode == 0
    assert "npm run build failed" in done.stderr
    assert "main.tsx" in done.stderr


def test_the_page_can_be_required(checkout: Path, no_node: dict[str, str]) -> None:
    done = build(checkout, "wheel", CSP_GATEWAY_BUILD_UI="require", **no_node)
    assert done.returncode != 0
    assert "Node.js with npm was not found" in done.stderr


def test_the_page_can_be_left_out(checkout: Path, old_node: dict[str, str]) -> None:
    done = build(checkout, "wheel", CSP_GATEWAY_BUILD_UI="skip", **old_node)
    assert done.returncode == 0
    assert "Node.js" not in done.stderr
    assert not [name for name in names_in_wheel(checkout) if name.startswith(BUNDLE)]


def test_another_wish_is_refused(checkout: Path) -> None:
    done = build(checkout, "wheel", CSP_GATEWAY_BUILD_UI="sometimes")
    assert done.returncode != 0
    assert "it can be auto, require, skip" in done.stderr
