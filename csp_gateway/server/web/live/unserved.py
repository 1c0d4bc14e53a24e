"""What is said of a channel that cannot be followed: the nearest that can be, or the basket that it is a key of."""

import json
from collections.abc import Collection, Mapping

from csp_gateway.errors import FrameError, did_you_mean
from csp_gateway.server.web.verbs import Shape

__all__ = ["no_channel"]

_LONGEST = 80
"""Characters of a name that are compared with those there are, and told."""


def no_channel(channel: str, known: Collection[str], served: Mapping[str, Shape]) -> FrameError:
    """The refusal of a channel that is not there.

    Args:
        known: what can be followed.
        served: by their names, channels that can be.
    """
    shown = channel[:_LONGEST]
    said = _as_key(channel, {name: shape for name, shape in served.items() if name in known})
    return FrameError(
        "unknown_channel", f"there is no channel {shown!r} to follow here; {said or did_you_mean(shown, known)}"
    )


def _as_key(channel: str, served: Mapping[str, Shape]) -> str:
    """How the key of a basket is followed, if that is what was said; nothing if not."""
    name, _, key = channel.partition("/")
    name = name if name in served else name.replace("-", "_")
    baskets = [name] if key and name in served else sorted(served)
    key = key if key and name in served else channel
    of = [each for each in baskets if key in served[each].keys]
    if not of:
        return ""
    message = json.dumps({"channel": of[0], "key": key}, ensure_ascii=False)
    return f'it is a key of {", ".join(map(repr, of[:3]))}: "{of[0]}/{key}" for a client, {message} in a message'
