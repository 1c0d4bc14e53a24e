"""What may be kept of answers: the newest tick until there is a newer one, and nothing else."""

from collections.abc import Iterable

from starlette.types import Message, Send

__all__ = ["NO_CACHE", "NO_STORE", "is_known", "never_stored", "tag_of", "told_of_newest"]

NO_CACHE = "no-cache"
"""``Cache-Control`` of what may be kept and must be asked for again: whether it is still the newest."""
NO_STORE = "no-store"
"""``Cache-Control`` of all else."""


def tag_of(epoch: str, ticks: int) -> str:
    """The ``ETag`` of a channel's newest tick: which run, and how many ticks there were.

    It is a weak one: it names the tick, which is the same in other bytes when it is compressed.
    """
    return f'W/"{epoch}-{ticks}"'


def told_of_newest(tag: str) -> dict[str, str]:
    """What the newest tick says beside itself, and 304 in its place."""
    return {"etag": tag, "cache-control": NO_CACHE, "vary": "Accept-Encoding"}


def is_known(tag: str, if_none_match: Iterable[str]) -> bool:
    """Whether a client has what has this tag, by its ``If-None-Match`` headers.

    >>> is_known('W/"a-1"', ['"a-0", "a-1"']), is_known('W/"a-1"', ["*"]), is_known('W/"a-1"', ['W/"a-12"'])
    (True, True, False)
    """
    known = [each.strip().removeprefix("W/") for header in if_none_match for each in header.split(",")]
    return tag.removeprefix("W/") in known or "*" in known


def never_stored(send: Send) -> Send:
    """``send``, with ``Cache-Control: no-store`` on an answer that does not say how it may be kept."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                message = {**message, "headers": [*headers, (b"cache-control", NO_STORE.encode())]}
        await send(message)

    return told
