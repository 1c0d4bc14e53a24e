from typing import Any

import pytest

from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import WrongArgumentError


def test_it_is_patient_and_bounded_by_default() -> None:
    options = StreamOptions()
    assert (options.connection_timeout, options.backoff) == (60.0, (0.5, 5.0))
    assert options.most_messages < options.most_bytes
    with pytest.raises(AttributeError):
        options.path = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("connection_timeout", -1, "seconds from 0 on, or None for ever; and not -1"),
        ("connection_timeout", "5", "seconds from 0 on"),
        ("connection_timeout", float("nan"), "seconds from 0 on"),
        ("answer_timeout", None, "seconds, more than 0; and not None"),
        ("ping_interval", 0, "seconds, more than 0; and not 0"),
        ("backoff", 1.0, r"such as \(0.5, 5.0\); and not 1.0"),
        ("backoff", (1.0,), "such as"),
        ("backoff", (1.0, "5"), "such as"),
        ("most_messages", 0, "a whole number from 1 on; and not 0"),
        ("max_message_bytes", 1e6, "a whole number from 1 on"),
        ("path", None, 'a text, such as "stream"; and not None'),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(name: str, value: Any, said: str) -> None:
    with pytest.raises(WrongArgumentError, match=f"^StreamOptions: {name} is .*{said}"):
        StreamOptions(**{name: value})


def test_the_limits_themselves_can_be() -> None:
    StreamOptions(connection_timeout=None)
    StreamOptions(connection_timeout=0, backoff=[0, 0], most_messages=1, ping_timeout=0.01)  # type: ignore[arg-type]
