"""A client that a generator makes of the OpenAPI document, which knows nothing else of us."""

import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

__all__ = ["Generated", "Operation", "example", "fits", "generated", "operations"]

_PACKAGE = "client_of_the_omnibus"


class Operation(NamedTuple):
    """What the document says can be called."""

    id: str
    method: str
    path: str
    said: Mapping[str, Any]


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """All of them, in the document's order."""
    return [
        Operation(said["operationId"], method, path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    ]


class Generated(NamedTuple):
    """The client, as far as it is called."""

    modules: Mapping[str, ModuleType]
    """Of each operation, by its id."""
    client: type[Any]
    problem: tuple[type[Any], ...]
    """What an answer is parsed to that is no success."""

    def parameters(self, id: str) -> dict[str, Any]:
        """What the call takes, and under ``return`` what it gives when it succeeds."""
        hints = get_type_hints(self.modules[id].sync_detailed)
        (answer,) = get_args(hints["return"])
        return {**hints, "return": [part for part in _parts(answer) if part not in (*self.problem, NoneType)]}


@contextmanager
def generated(document: Path, where: Path) -> Iterator[Generated]:
    """Make a client of a document in the folder ``where``; it can be imported as long as the ``with`` block lasts."""
    _generate(document, where / _PACKAGE)
    sys.path.insert(0, str(where))
    importlib.invalidate_caches()
    try:
        yield _imported()
    finally:
        sys.path.remove(str(where))
        for name in [name for name in sys.modules if name.split(".")[0] == _PACKAGE]:
            del sys.modules[name]


def _generate(document: Path, package: Path) -> None:
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document)]
    command += ["--meta", "none", "--fail-on-warning", "--output-path", str(package)]
    # It formats what it has made by the ruff that it finds.
    beside = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=package.parent, timeout=60)
    # Whatever else it says is of a part that it could not make.
    made_all = (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, f"Generating {package}", "")
    assert made_all, ran.stdout + ran.stderr


def _imported() -> Generated:
    package = importlib.import_module(_PACKAGE)
    api = importlib.import_module(f"{_PACKAGE}.api")
    found = pkgutil.walk_packages(api.__path__, f"{api.__name__}.")
    calls = {each.name.rpartition(".")[2]: importlib.import_module(each.name) for each in found if not each.ispkg}
    models = importlib.import_module(f"{_PACKAGE}.models")
    return Generated(calls, package.Client, (models.Problem, models.ValidationProblem))


def fits(value: Any, hints: list[Any]) -> bool:
    """Whether a value is what one of the types says, as deep as there are lists."""
    return any(_fits(value, hint) for hint in hints)


def _fits(value: Any, hint: Any) -> bool:
    if hint is Any:
        return value is not None
    if get_origin(hint) is list:
        return isinstance(value, list) and all(fits(each, _parts(get_args(hint)[0])) for each in value)
    return isinstance(value, hint)


def _parts(hint: Any) -> list[Any]:
    return list(get_args(hint)) if get_origin(hint) in (Union, UnionType) else [hint]


def example(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A value that a schema of the document itself shows, the first where it leaves a choice."""
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["examples"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], document)
    return {schema["propertyNames"]["enum"][0]: example(schema["additionalProperties"], document)}
