"""What a failure is at the command line: a sentence, and a status."""

from __future__ import annotations

import pytest

from csp_gateway import errors
from csp_gateway.client.console.failures import WrongUsage, sentence, status


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (errors.ServerRouteNotFoundException("x"), 1),
        (WrongUsage("x"), 2),
        (errors.ServerUnreachableError("x"), 3),
        (errors.ServerTimeoutError("x"), 4),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), None),
    ],
)
def test_a_failure_has_a_status(error: BaseException, wanted: int | None) -> None:
    assert status(error) == wanted


def test_what_is_secret_is_not_shown() -> None:
    said = sentence(errors.ServerUnreachableError("no gateway at http://x?token=s3cret"), ["s3cret"])
    assert "s3cret" not in said
    assert said.startswith("No gateway")


def test_what_the_gateway_cannot_read_is_told_place_by_place() -> None:
    said = sentence(errors.ServerUnprocessableException([{"loc": ["body", 3, "x"], "msg": "no integer"}]))
    assert "no integer" in said
    assert "x" in said


def test_a_name_of_a_file_is_shown_as_it_is_written() -> None:
    assert sentence(FileNotFoundError(2, "no", "nofile.json")) == "nofile.json: there is no such file or folder"


def test_what_gives_more_time_is_the_option_of_the_console() -> None:
    said = sentence(errors.ServerTimeoutError("GET x was not answered within 2 s; `timeout` gives it more"))
    assert said == "GET x was not answered within 2 s; --timeout gives it more"


def test_what_is_not_there_is_told_in_plain_words() -> None:
    error = errors.ServerRouteNotMountedException(
        "Route not mounted in group last: exampel; …", "there is no channel 'exampel'"
    )
    assert sentence(error) == "There is no channel 'exampel'"
    assert sentence(errors.ServerRouteNotMountedException("Route not mounted")) == "Route not mounted"
