"""What a request says its body is."""

import pytest

from csp_gateway.server.web.media_type import is_event_stream, says_json


@pytest.mark.parametrize(
    ("content_type", "json"),
    [
        ("application/json", True),
        (" Application/JSON ;charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("application/jsonp", False),
        ("text/plain; x=application/json", False),
        ("image/x+json", False),
        ("", False),
    ],
)
def test_json_is_what_fastapi_takes_for_it(content_type: str, json: bool) -> None:
    assert says_json(content_type) is json


def test_a_stream_of_events_is_known_by_its_type() -> None:
    assert is_event_stream({"type": "http.response.start", "headers": [(b"Content-Type", b"text/event-stream; x=1")]})
    assert not is_event_stream({"type": "http.response.start", "headers": [(b"x", b"text/event-stream")]})
    assert not is_event_stream({"type": "http.response.start"})
