"""The house rules of CONTRIBUTING.md, as far as a program can see whether they are kept."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "csp_gateway"
TESTS = ROOT / "tests"


def sources(*tops: str) -> list[Path]:
    return [path for top in tops for path in sorted((ROOT / top).rglob("*.py"))]


OURS = sources("csp_gateway")
ALL_OURS = [*sources("csp_gateway", "benchmarks", "examples"), ROOT / "hatch_build.py"]
PAGE = [
    path
    for pattern in ("*.ts", "*.tsx", "*.css")
    for path in sorted((ROOT / "js/src").rglob(pattern))
]  # fmt: skip


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- A file is one idea -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*ALL_OURS, *PAGE], ids=named)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", ALL_OURS, ids=named)
def test_a_file_says_first_which_idea_it_is(path: Path) -> None:
    first = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
    assert first.endswith((".", ":", "::", "?")), f"opens with {first!r}, not with a sentence"


@pytest.mark.parametrize("path", ALL_OURS, ids=named)
def test_a_function_has_at_most_40_lines_below_its_docstring(path: Path) -> None:
    long = {function.name: count for function in functions(path) if (count := body_lines(function)) > 40}
    assert not long


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


# --- Names ------------------------------------------------------------------------------------------------------------

NAMELESS_ROOMS = {"base", "common", "hacks", "helper", "helpers", "misc", "shared", "stuff", "util", "utils"}


@pytest.mark.parametrize("path", [*ALL_OURS, *PAGE], ids=named)
def test_no_room_is_nameless(path: Path) -> None:
    assert not NAMELESS_ROOMS & {part.split(".")[0] for part in path.relative_to(ROOT).parts}


@pytest.mark.parametrize("path", OURS, ids=named)
def test_no_file_is_named_like_the_standard_library_or_what_it_imports(path: Path) -> None:
    name = path.parent.name if path.stem in ("__init__", "__main__") else path.stem
    assert name not in sys.stdlib_module_names
    assert name not in {module.split(".")[0] for module in imported(path)} - {"csp_gateway"}


# --- Tests mirror sources ---------------------------------------------------------------------------------------------

# A source without a test file of its own, and why.
UNTESTED = {
    "server/demo/__main__.py": "the user's example; tests/server/demo/test_simple.py runs it as a program",
}
# A test file without a source of its own: it is about the whole house.
WHOLE_HOUSE = {"test_docs.py", "test_house.py", "test_names.py", "test_packaging.py"}


def mirror(path: Path) -> Path:
    relative = path.relative_to(PACKAGE)
    return TESTS / relative.with_name(f"test_{relative.name.lstrip('_')}")


@pytest.mark.parametrize("path", [path for path in OURS if path.name != "__init__.py"], ids=named)
def test_a_source_has_a_test_file(path: Path) -> None:
    assert path.relative_to(PACKAGE).as_posix() in UNTESTED or mirror(path).exists(), f"write {named(mirror(path))}"


def test_a_test_file_has_a_source() -> None:
    mirrors = {mirror(path) for path in OURS}
    strays = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("test_*.py")
        if path not in mirrors
        and not path.is_relative_to(TESTS / "ways")
        and not path.is_relative_to(TESTS / "browser")
    }
    assert strays <= WHOLE_HOUSE


# --- Third parties have homes -----------------------------------------------------------------------------------------

# Package → where in csp_gateway it may be imported. "" is everywhere.
HOMES = {
    "annotated_types": ("server/structs/",),
    "anyio": ("server/web/verbs/controls.py", "server/web/deadline.py"),
    "backports": ("server/web/compress.py",),
    "compression": ("server/web/compress.py",),
    "ccflow": ("server/cli.py", "server/config/load.py", "server/module.py", "server/gateway/", "server/channels/"),
    "csp": (
        "client/csp_link.py",
        "client/csp_stream.py",
        "server/structs/",
        "server/staging/",
        "server/state/",
        "server/channels/",
        "server/module.py",
        "server/modules/",
        "server/gateway/",
        "server/demo/",
        "testing/",
    ),
    "duckdb": ("server/state/",),
    "fastapi": ("server/web/", "server/modules/", "testing/"),
    "fastapi_offline": ("server/web/docs.py",),
    "httpx2": ("client/",),
    "hydra": ("server/cli.py", "server/config/load.py"),
    "msgspec": (
        "client/",
        "server/modules/gateway_mirror/",
        "server/structs/",
        "server/web/",
        "wire/answers.py",
        "wire/commands.py",
    ),
    "numpy": ("server/structs/", "server/modules/tables/", "server/demo/", "server/state/", "testing/"),
    "omegaconf": ("server/cli.py", "server/config/load.py"),
    "orjson": ("server/structs/", "server/web/", "server/modules/tables/"),
    "perspective": ("server/modules/tables/",),
    "prometheus_client": ("server/modules/metrics/",),
    "psutil": ("server/web/verbs/figures.py",),
    "pyarrow": ("server/modules/tables/", "server/structs/", "server/state/", "server/web/"),
    "pydantic": ("",),
    "pytest": ("testing/fixtures.py",),
    "pydantic_core": ("client/config.py", "server/structs/", "server/web/verbs/shape.py"),
    "pydantic_settings": ("server/settings.py",),
    "rich": ("client/console/",),
    "starlette": ("server/web/", "server/modules/", "testing/in_process.py"),
    "typer": ("client/console/",),
    "typing_extensions": ("client/returns.py", "wire/filters.py"),
    "uvicorn": ("server/web/serve.py", "server/web/live/cutting.py", "server/web/live/protocol.py"),
    "websockets": ("client/", "server/web/live/protocol.py"),
}


@pytest.mark.parametrize("path", OURS, ids=named)
def test_a_third_party_is_imported_only_in_its_home(path: Path) -> None:
    here = path.relative_to(PACKAGE).as_posix()
    # annotationlib is Python's own from 3.14 on.
    ours_or_pythons = {*sys.stdlib_module_names, "annotationlib", "csp_gateway"}
    packages = {module.split(".")[0] for module in imported(path)} - ours_or_pythons
    homeless = {package for package in packages if not here.startswith(HOMES.get(package, ()))}
    assert not homeless, f"{named(path)} is no home of {', '.join(sorted(homeless))}"


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports when it runs; what only the type checker reads is left out."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped.update(inner for statement in node.body for inner in ast.walk(statement))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def test_no_home_stands_empty() -> None:
    used = {module.split(".")[0] for path in OURS for module in imported(path)}
    assert set(HOMES) <= used
