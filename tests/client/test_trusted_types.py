"""The class that a gateway names, and whether it may be imported."""

import sys
from pathlib import Path

import pytest

from csp_gateway.client.trusted_types import instances_of, trusted_type
from csp_gateway.errors import UntrustedTypeError
from tests.client.answers import TYPE_NAME, Fill, Level


def test_what_is_imported_is_found() -> None:
    assert trusted_type(TYPE_NAME) is Fill


@pytest.mark.parametrize("name", ["subprocess.Popen", "os.system", "nowhere.Order", "tests.client.answers.json"])
def test_what_is_no_struct_or_not_trusted_is_not(name: str) -> None:
    with pytest.raises(UntrustedTypeError, match="Cannot import type"):
        trusted_type(name)


def test_what_a_script_defines_nobody_can_import() -> None:
    with pytest.raises(UntrustedTypeError, match=r"defines it in its own script, .* move the class to a module"):
        trusted_type("__main__.Order", ["__main__"])


@pytest.mark.parametrize("trusted", ["d8desk", "d8desk.structs", "d8desk.structs.Order"])
def test_what_is_trusted_is_imported(trusted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "d8desk"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "structs.py").write_text("import pydantic\nclass Order(pydantic.BaseModel):\n    size: int\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("d8desk", "d8desk.structs"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(UntrustedTypeError, match="trusted_types"):
        trusted_type("d8desk.structs.Order", ["d8", "d8desk.struct"])
    assert "d8desk" not in sys.modules
    cls = trusted_type("d8desk.structs.Order", [trusted])
    assert instances_of(cls, [{"size": 1}])[0].size == 1
    for name in ("d8desk", "d8desk.structs"):
        sys.modules.pop(name, None)


def test_a_trusted_name_that_is_not_there_says_so() -> None:
    with pytest.raises(UntrustedTypeError, match="No module named 'd8nowhere'"):
        trusted_type("d8nowhere.Order", ["d8nowhere"])
    with pytest.raises(UntrustedTypeError, match="no such class"):
        trusted_type("tests.client.answers.Nothing", ["tests"])


def test_instances_are_validated_with_their_types() -> None:
    fill = instances_of(Fill, {"level": "HIGH", "moment": "2024-01-01T00:00:00"})
    assert fill.level is Level.HIGH
    assert fill.moment.year == 2024
    with pytest.raises(ValueError, match="nothing"):
        instances_of(Fill, [{"nothing": 1}])
