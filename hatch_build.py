"""Builds the page with npm when the package is built, and packs it into the wheel and the sdist.

``CSP_GATEWAY_BUILD_UI`` says what is wanted: ``auto`` (the default) builds when Node.js is there and otherwise installs
without the page, which then says how to get it; ``require`` fails instead; ``skip`` builds nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODES = ("auto", "require", "skip")
NODE = (20, 19)
BUNDLE = "csp_gateway/server/build"
SOURCES = (".npmrc", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")
STAMP = ".stamp"
NOT_BUILT = "not-built.txt"


class NotBuilt(Exception):
    """Why there is no new page; a sentence for whoever installs."""


class PageBuildHook(BuildHookInterface[Any]):
    """Brings the bundle up to date before hatchling collects the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling for every target: wheel, editable and sdist."""
        mode = os.environ.get("CSP_GATEWAY_BUILD_UI", "auto")
        if mode not in MODES:
            raise ValueError(f"CSP_GATEWAY_BUILD_UI is {mode!r}; it can be {', '.join(MODES)}")
        root = Path(self.root)
        js, bundle = root / "js", root / BUNDLE
        if mode == "skip":
            return
        try:
            if update(js, bundle):
                self.app.display_info("csp-gateway: the page was built")
        except NotBuilt as problem:
            if mode == "require":
                raise RuntimeError(f"csp-gateway: {problem}") from None
            # pip shows this only with -v; the page that stands in for the real one says it too.
            sys.stderr.write(f"csp-gateway: {report(problem, bundle)}\n")


def update(js: Path, bundle: Path) -> bool:
    """Build the sources in ``js`` into ``bundle`` unless it holds them already; whether it was necessary.

    Raises:
        NotBuilt: Node.js is missing or too old, npm failed, or there is neither source nor bundle.
    """
    if not (js / "package.json").is_file():
        if (bundle / "index.html").is_file():
            return False
        raise NotBuilt(f"there is neither a built page in {BUNDLE} nor its source in js/")
    wanted = fingerprint(js)
    stamp = bundle / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    npm = find_npm()
    if installed(js):
        build(npm, js, bundle)
    else:
        with TemporaryDirectory() as folder:
            copy = copy_of(js, Path(folder))
            run(npm, ["ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"], copy)
            build(npm, copy, bundle)
    stamp.write_text(wanted)
    return True


def build(npm: str, js: Path, bundle: Path) -> None:
    """Replace ``bundle`` by what Vite makes of ``js``, whose packages are installed."""
    run(npm, ["run", "build"], js)
    shutil.rmtree(bundle, ignore_errors=True)
    shutil.copytree(js / "dist", bundle)


def copy_of(js: Path, folder: Path) -> Path:
    """The sources in another folder, where installing what the build needs cannot disturb a developer's packages."""
    for file in sources(js):
        place = folder / file.relative_to(js)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return folder


def fingerprint(js: Path) -> str:
    """A hash of all that the build reads."""
    digest = hashlib.sha256()
    for path in sources(js):
        digest.update(path.relative_to(js).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sources(js: Path) -> Iterator[Path]:
    """The files that the build reads, in order; tests are not among them."""
    for name in SOURCES:
        path = js / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and ".test." not in file.name)


def find_npm() -> str:
    """The path of npm.

    Raises:
        NotBuilt: it is not there, or Node.js is not, or is too old.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotBuilt("Node.js with npm was not found on the PATH")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        found = tuple(int(part) for part in said.removeprefix("v").split(".")[:2])
    except ValueError:
        raise NotBuilt(f"{node} --version said {said!r}, which is no version") from None
    if found < NODE:
        raise NotBuilt(f"Node.js {said} is too old")
    return npm


def installed(js: Path) -> bool:
    """Whether a developer's ``js/node_modules`` is what the lock file asks for, so far as times can tell."""
    record = js / "node_modules" / ".package-lock.json"
    return record.is_file() and record.stat().st_mtime >= (js / "package-lock.json").stat().st_mtime


def run(npm: str, arguments: list[str], js: Path) -> None:
    """Run npm in ``js``.

    Raises:
        NotBuilt: it failed; the end of what it printed is in the message.
    """
    done = subprocess.run(
        [npm, *arguments], cwd=js, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise NotBuilt(f"npm {' '.join(arguments[:2])} failed:\n{done.stdout.strip()[-2000:]}")


def report(problem: NotBuilt, bundle: Path) -> str:
    """What to tell the user; it is left in the package for the page that stands in for the real one, too."""
    if (bundle / "index.html").is_file():
        return f"{problem}; the page built earlier is kept."
    bundle.mkdir(parents=True, exist_ok=True)
    (bundle / NOT_BUILT).write_text(f"{problem}.\n")
    return (
        f"{problem}. The page is not built; REST works without it. Install Node.js {NODE[0]}.{NODE[1]} or newer and "
        "install again, or set CSP_GATEWAY_BUILD_UI=skip to say that you do not want it."
    )
