"""What a request or an answer says its body is: ``Content-Type``."""

from starlette.types import Message

__all__ = ["is_event_stream", "not_json", "says_json"]

_LONGEST_SHOWN = 80


def says_json(content_type: str) -> bool:
    """Whether a body is said to be JSON, as FastAPI has it.

    A page of another origin cannot say so without being asked first.

    >>> says_json("application/json; charset=utf-8"), says_json("application/geo+json"), says_json("text/plain")
    (True, True, False)
    """
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def not_json(content_type: str) -> str:
    """What is wrong with a body that is read as JSON, and is not said to be, and what to do about it.

    >>> not_json("a/b")
    "The body is read as JSON, and the request says that it is 'a/b': send it with Content-Type: application/json"
    >>> not_json("")
    'The body is read as JSON, and the request does not say that it is: send it with Content-Type: application/json'
    """
    media_type = content_type.partition(";")[0].strip()[:_LONGEST_SHOWN]
    said = f"the request says that it is {media_type!r}" if media_type else "the request does not say that it is"
    return f"The body is read as JSON, and {said}: send it with Content-Type: application/json"


def is_event_stream(start: Message) -> bool:
    """Whether the answer that a message begins is one of server-sent events, which goes on until its client leaves."""
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in start.get("headers", ())
    )
