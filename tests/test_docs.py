"""The docs are true: every Python snippet and every example runs, and the reference names all there is to name."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from csp_gateway import errors
from csp_gateway.server import modules
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.modules.tables.config import TableConfig
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web import GatewayWebApp, problem
from csp_gateway.server.web.problem import PROBLEMS, kind_of
from tests.zygote import python

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = ROOT / "docs/reference"
SNIPPET = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
URL = re.compile(r"REST API\s+(http://\S+?)/api")
OPENAPI = ROOT / "tests/ways/openapi.json"
TOLD_IN_WORDS = {"DESCRIPTION", "VERSION"}
"""Settings whose defaults are too long, or vary."""
NAMED = {"state": "<state>", "field": "<name>"} | dict.fromkeys(
    ("last", "next", "send", "lookup", "history", "stage"), "<channel>"
)
"""What stands after a verb."""
NOT_OF_THE_OMNIBUS = {"GET /state/<state>/<key>", "POST /state/<state>/<key>", "POST /controls/shutdown"}
"""It collects no single keys of a basket, and cannot be ended."""
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def program(page: Path, language: str = "python") -> str:
    """The snippets of a page in order, each on its own line numbers, so that a traceback points at the page."""
    text = page.read_text()
    lines: list[str] = []
    for snippet in SNIPPET.finditer(text):
        if snippet[1] == language:
            start = text.count("\n", 0, snippet.start(2))
            lines += [""] * (start - len(lines)) + snippet[2].splitlines()
    return "\n".join(lines)


# --- Snippets run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if program(page) and page != README], ids=named)
def test_the_snippets_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """All of a page's snippets as one program."""
    script = tmp_path / f"{page.stem.replace('-', '_')}.py"
    script.write_text(program(page))
    run(script, tmp_path)


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=named)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    run(example, tmp_path)


def test_the_configuration_of_the_guide_is_one(tmp_path: Path) -> None:
    """The guide's YAML file, shown by the command that the guide gives."""
    (tmp_path / "desk/config").mkdir(parents=True)
    (tmp_path / "desk/config/hello.yaml").write_text(program(ROOT / "docs/guide/configuration.md", "yaml").lstrip())
    command = [Path(sys.executable).with_name("csp-gateway-start"), "--config-dir=desk", "+config=hello", "port=9000"]
    shown = subprocess.run([*command, "start=false"], cwd=tmp_path, capture_output=True, text=True, timeout=50)
    assert shown.returncode == 0, shown.stderr
    assert "TITLE: Hello" in shown.stdout
    assert "PORT: 9000" in shown.stdout


def test_the_first_example_is_the_same_everywhere() -> None:
    """In the README, on the overview, and as a file, which runs above."""
    example = (ROOT / "examples/hello.py").read_text().partition("\n\n")[2]
    for page in (README, ROOT / "docs/overview.md"):
        assert next(snippet[2] for snippet in SNIPPET.finditer(page.read_text()) if snippet[1] == "python") == example


def run(script: Path, folder: Path) -> None:
    """Run a program to a clean end; a gateway in it that serves is asked for its API and then gets a Ctrl-C.

    One that serves only for as long as the program looks at it, by ``serving_gateway``, ends by itself.
    """
    ends = "serving_gateway(" in script.read_text()
    environment = {**os.environ, "CSP_GATEWAY_PORT": "0", "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(
        [*python(), str(script)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    with running:
        try:
            assert running.stdout is not None
            for line in running.stdout:
                said.append(line)
                if not ends and (serving := URL.search(line)):
                    assert answers(f"{serving[1]}/openapi.json")
                    running.send_signal(signal.SIGINT)
            assert running.wait(timeout=30) == 0, "".join(said)
        finally:
            running.kill()


def answers(url: str) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5) as reply:
                return bool(reply.status == 200)
        except URLError:
            time.sleep(0.05)  # the server says where it will be a moment before it is there
    return False


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    ours = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert not [link for link in ours if not (page.parent / link).exists()]


# --- The reference names everything -----------------------------------------------------------------------------------


def undocumented(names: set[str], page: str) -> set[str]:
    text = (REFERENCE / page).read_text()
    return {name for name in names if f"`{name}`" not in text}


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table of a page whose heading begins like that."""
    lines = (REFERENCE / page).read_text().splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith(f"| {heading}")]
    table = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_every_setting_is_documented_as_it_is() -> None:
    """With its default, and what the code says of it first."""
    documented = {name.strip("`"): (default, says) for name, _, default, says in rows("settings.md", "setting")}
    assert list(documented) == list(GatewaySettings.model_fields)
    for name, setting in GatewaySettings.model_fields.items():
        default, says = documented[name]
        if name not in TOLD_IN_WORDS:
            assert default == f"`{json.dumps(setting.get_default(call_default_factory=True))}`", name
        plain = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", says).replace("`", "").replace('"', "")
        assert plain.lower().startswith((setting.description or "").rstrip(".").lower()), name


def test_every_error_is_documented_with_what_it_is_over_http() -> None:
    raised = {name: kind for name in errors.__all__ if isinstance(kind := getattr(errors, name), type)}
    documented = {name.strip("`"): over_http for name, _, _, over_http in rows("errors.md", "error")}
    assert documented.keys() == raised.keys()
    for name, kind in raised.items():
        over_http = kind_of(kind.__new__(kind))
        said = f"{over_http.status} `{over_http.name}`"
        assert documented[name] == said or (kind not in PROBLEMS and not documented[name]), name


def test_every_other_problem_is_documented() -> None:
    """What is refused without an error of its own."""
    others = {kind.name: str(kind.status) for kind in vars(problem).values() if isinstance(kind, problem.Kind)}
    assert others
    assert {name.strip("`"): status for name, status, _ in rows("errors.md", "type, after")} == others


def test_the_operations_of_the_api_are_those_that_are_documented() -> None:
    """Of the omnibus, by the document that is kept of it."""
    paths = json.loads(OPENAPI.read_text())["paths"]
    served = {f"{method.upper()} {pattern(path)}" for path, methods in paths.items() for method in methods}
    documented = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`?\s]*)", (REFERENCE / "verbs.md").read_text()))
    assert documented == served | NOT_OF_THE_OMNIBUS


def pattern(path: str) -> str:
    """A path as the reference has it: without the API's, and with what it names in general.

    >>> pattern("/api/v1/last/basket/{key}"), pattern("/api/v1/lookup/id/{id}"), pattern("/livez")
    ('/last/<channel>/<key>', '/lookup/id/<id>', '/livez')
    """
    verb, slash, rest = path.removeprefix("/api/v1/").lstrip("/").partition("/")
    name, *more = rest.split("/")
    if name and verb in NAMED and (verb, name) != ("lookup", "id"):
        name = NAMED[verb]
    return f"/{verb}{slash}{'/'.join([name, *more])}".replace("{", "<").replace("}", ">")


def test_every_verb_is_documented() -> None:
    assert not undocumented(set(GatewayWebApp.TAGS) - {"api"}, "verbs.md")


def test_every_module_and_its_options_are_documented() -> None:
    classes = [getattr(modules, name) for name in modules.__all__]
    of_ours = [cls for cls in classes if isinstance(cls, type) and issubclass(cls, GatewayModule)]
    assert of_ours
    names = {cls.__name__ for cls in of_ours}
    options = {field for cls in (*of_ours, TableConfig) for field in cls.model_fields if field != "meta"}
    assert not undocumented(names | options, "modules.md")


# --- The plan of the house --------------------------------------------------------------------------------------------


def test_the_plan_of_the_house_shows_every_file_where_it_is() -> None:
    plan = (ROOT / "docs/design/house.md").read_text().partition("## The tree")[2].partition("\n## ")[0]
    folder, drawn = "", set()
    for line in plan.splitlines():
        if line.startswith("csp_gateway"):
            folder = line.split(" ")[0]
        elif file := re.match(r"  (\w+\.py) ", line):
            drawn.add(folder + file[1])
    real = {named(path) for path in (ROOT / "csp_gateway").rglob("*.py") if path.name != "__init__.py"}
    assert drawn == real
