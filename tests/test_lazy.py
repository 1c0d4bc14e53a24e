"""Names that load on first use."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from csp_gateway._lazy import later


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package with one lazy name, freshly imported."""
    folder = tmp_path / "lazily"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        textwrap.dedent("""
            from csp_gateway._lazy import lazy_names

            __getattr__, __dir__ = lazy_names(__name__, {"answer": "lazily.deep"})
        """)
    )
    (folder / "deep.py").write_text("answer = object()")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("lazily", "lazily.deep"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__("lazily")


def test_a_name_is_loaded_when_it_is_first_read_and_kept(package: ModuleType) -> None:
    assert "lazily.deep" not in sys.modules
    first = package.answer
    assert first is sys.modules["lazily.deep"].answer
    assert vars(package)["answer"] is first


def test_dir_lists_names_that_are_not_loaded_yet(package: ModuleType) -> None:
    assert "answer" in dir(package)
    assert "lazily.deep" not in sys.modules


def test_an_unknown_name_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match="'lazily' has no attribute 'anser'"):
        _ = package.anser


def test_a_module_is_loaded_when_something_of_it_is_read(package: ModuleType) -> None:
    deep = later("lazily.deep")
    assert repr(deep) == "later('lazily.deep')"
    assert "lazily.deep" not in sys.modules
    assert deep.answer is sys.modules["lazily.deep"].answer


def test_what_a_module_has_not_is_its_own_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=r"module 'lazily\.deep' has no attribute 'anser'"):
        _ = later("lazily.deep").anser
