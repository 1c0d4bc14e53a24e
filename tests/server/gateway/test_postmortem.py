"""What was so when a gateway failed, in a folder of its own."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csp_gateway import Gateway, GatewaySettings
from csp_gateway.errors import (
    BuildFailedError,
    EngineError,
    PortTakenError,
    ShutdownError,
    StartTimeoutError,
    WiringError,
)
from csp_gateway.server.gateway import postmortem as postmortem_module
from csp_gateway.server.gateway.postmortem import Postmortem
from csp_gateway.server.gateway.watchdog import Watchdog


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Postmortem]:
    def made(**settings: Any) -> Postmortem:
        given = {"POSTMORTEM_FOLDER": str(tmp_path / "deep/down"), **settings}
        return Postmortem(Gateway(settings=GatewaySettings(**given)), Watchdog(5, 5))

    return made


def failure(kind: type[Exception] = EngineError) -> Exception:
    try:
        try:
            raise ZeroDivisionError("of the user's own")
        except ZeroDivisionError as cause:
            raise kind("it failed") from cause
    except kind as error:
        return error


def written(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "deep/down").glob("*"))


def test_the_error_the_threads_and_the_rest_lie_in_a_folder_which_the_error_names(
    make: Callable[..., Postmortem], tmp_path: Path
) -> None:
    error = failure()
    make().write(error)
    (folder,) = written(tmp_path)
    assert folder.name.endswith("-EngineError")
    assert error.__notes__ == [f"What was so when it failed is written down in {folder}"]
    assert {each.name for each in folder.iterdir()} == {"error.txt", "threads.txt", "report.json"}
    assert "ZeroDivisionError: of the user's own" in (folder / "error.txt").read_text()
    assert "test_postmortem.py" in (folder / "error.txt").read_text()
    assert (folder / "threads.txt").read_text().startswith("MainThread (")
    report = json.loads((folder / "report.json").read_text())
    assert report["error"] == {
        "kind": "EngineError",
        "says": "it failed",
        "cause": "ZeroDivisionError: of the user's own",
    }
    assert report["engine"]["condition"] == "starting"
    assert report["settings"]["POSTMORTEMS"] == 10


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (failure(BuildFailedError), 1),
        (failure(StartTimeoutError), 1),
        (failure(ShutdownError), 1),
        (ValueError("of ours"), 1),
        (WiringError("no such channel"), 0),
        (PortTakenError("taken"), 0),
        (KeyboardInterrupt(), 0),
        (SystemExit(1), 0),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, BaseException) else None,
)
def test_only_for_what_has_failed(
    error: BaseException, count: int, make: Callable[..., Postmortem], tmp_path: Path
) -> None:
    make().write(error)
    assert len(written(tmp_path)) == count


def test_once_for_one_run(make: Callable[..., Postmortem], tmp_path: Path) -> None:
    postmortem = make()
    postmortem.write(failure())
    postmortem.write(failure(ShutdownError))
    assert [each.name.rpartition("-")[2] for each in written(tmp_path)] == ["EngineError"]


def test_none_if_so_wished(make: Callable[..., Postmortem], tmp_path: Path) -> None:
    make(POSTMORTEMS=0).write(failure())
    assert written(tmp_path) == []


def test_the_oldest_go_and_what_is_not_ours_stays(
    make: Callable[..., Postmortem], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        make(POSTMORTEMS=2).write(failure())
    oldest, newest = written(tmp_path)
    (tmp_path / "deep/down/mine").mkdir()
    (oldest / "notes.txt").write_text("I have looked into it")
    make(POSTMORTEMS=1).write(failure())
    assert not newest.exists()
    assert [each.name for each in oldest.iterdir()] == ["notes.txt"]
    assert "an old postmortem cannot be removed" in caplog.text
    assert len(written(tmp_path)) == 3


def test_what_keeps_it_from_writing_is_logged_and_hides_nothing(
    make: Callable[..., Postmortem], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    error = failure()
    make(POSTMORTEM_FOLDER=str(tmp_path / "file/below")).write(error)
    assert not hasattr(error, "__notes__")
    assert "cannot be written down (NotADirectoryError:" in caplog.text
    assert "POSTMORTEM_FOLDER" in caplog.text


def test_it_holds_the_end_up_no_longer_than_it_may(
    make: Callable[..., Postmortem], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = postmortem_module.threading.Event()
    monkeypatch.setattr(postmortem_module, "_SECONDS", 0.05)
    monkeypatch.setattr(postmortem_module, "threads_now", lambda: str(go_on.wait(20)))
    make().write(failure())
    go_on.set()
    assert "was not written down within 0.05 s" in caplog.text


def test_a_text_without_end_is_cut_in_the_middle(make: Callable[..., Postmortem], tmp_path: Path) -> None:
    make().write(EngineError("x" * 3_000_000))
    (folder,) = written(tmp_path)
    text = (folder / "error.txt").read_text()
    assert len(text) < 1_100_000
    assert "characters …" in text


def test_without_a_setting_it_lies_in_a_temporary_folder_that_is_this_users(
    make: Callable[..., Postmortem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make(POSTMORTEM_FOLDER="").write(failure())
    (top,) = tmp_path.iterdir()
    assert top.stat().st_mode & 0o777 == 0o700
    assert len(list(top.iterdir())) == 1
    top.chmod(0o777)
    make(POSTMORTEM_FOLDER="").write(failure())
    assert len(list(top.iterdir())) == 1
    assert "is not this user's alone" in caplog.text
