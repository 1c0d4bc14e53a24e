"""What goes wrong between a client and its gateway is also what Python calls it."""

from __future__ import annotations

from csp_gateway import errors


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(errors.ServerTimeoutError, TimeoutError)
    assert issubclass(errors.ServerUnreachableError, ConnectionError)
    assert issubclass(errors.ClientClosedError, RuntimeError)
    assert issubclass(errors.UntrustedTypeError, ValueError)
    assert issubclass(errors.WrongArgumentError, TypeError)
    assert issubclass(errors.WrongArgumentError, ValueError)


def test_an_error_has_the_status_or_the_code_that_it_is_of() -> None:
    unknown = errors.ServerUnknownException("502: no answer", 502)
    assert (str(unknown), unknown.status, unknown.args) == ("502: no answer", 502, ("502: no answer",))
    closed = errors.StreamClosedError("do not come back", 3501)
    assert (str(closed), closed.code) == ("do not come back", 3501)
