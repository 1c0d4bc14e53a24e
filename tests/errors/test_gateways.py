"""The tree of errors, and those of gateways."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from csp_gateway import errors
from csp_gateway.errors import GatewayException, PortTakenError, StartError, WiringError, WrongEdgeError

CLASSES = [value for name in errors.__all__ if isinstance(value := getattr(errors, name), type)]


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_has_the_one_root_and_a_sentence(error: type[Exception]) -> None:
    assert issubclass(error, GatewayException)
    assert error.__doc__


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    depth_of = {}
    for line in (errors.__doc__ or "").splitlines():
        name = line.strip(" │├└─").split(" ")[0]
        if name.endswith(("Error", "Exception")):
            depth_of[name] = (len(line) - len(line.lstrip(" │├└─"))) // 4
    assert depth_of == {error.__name__: error.__mro__.index(GatewayException) + 1 for error in CLASSES}


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(WrongEdgeError, TypeError)
    assert issubclass(WrongEdgeError, WiringError)
    assert issubclass(StartError, RuntimeError)


def test_a_key_error_of_ours_does_not_quote_its_sentence() -> None:
    error = errors.UnknownStagingError("channel 'orders' has no open staging '7'")
    assert isinstance(error, KeyError)
    assert str(error) == "channel 'orders' has no open staging '7'"


def test_a_taken_port_ends_a_script_with_its_sentence_and_status_1() -> None:
    script = "from csp_gateway.errors import PortTakenError; raise PortTakenError('port 8000 is taken')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr.strip()) == (1, "port 8000 is taken")
    assert str(PortTakenError("port 8000 is taken")) == "port 8000 is taken"


def test_what_is_wrong_with_a_message_is_a_code_a_sentence_and_the_messages_id() -> None:
    error = errors.FrameError("invalid", "since is no number", 7)
    assert (error.code, str(error), error.id) == ("invalid", "since is no number", 7)
    assert errors.FrameError("invalid", "since is no number").id is None
    anew = errors.fresh(error)
    assert (anew.code, str(anew), anew.id) == ("invalid", "since is no number", 7)


def test_an_error_is_named_by_where_everybody_imports_it_from() -> None:
    assert {error.__module__ for error in CLASSES} == {"csp_gateway.errors"}
    assert isinstance(pickle.loads(pickle.dumps(errors.WrongEdgeError("no edge"))), errors.WrongEdgeError)
