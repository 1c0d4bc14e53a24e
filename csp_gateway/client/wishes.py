"""What a caller wants of channels, as Follow values: a name, a basket's with one of its keys, or a whole Follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from itertools import groupby
from typing import Any, Literal, TypeAlias, TypedDict

import msgspec
from msgspec.structs import replace

from csp_gateway.client.arguments import check
from csp_gateway.errors import QueryError, WrongArgumentError
from csp_gateway.wire.commands import Follow, Policy
from csp_gateway.wire.filters import AnyFilter
from csp_gateway.wire.query import Query
from csp_gateway.wire.synonyms import nearest_option

__all__ = ["FollowOptions", "Key", "Where", "Wish", "joined", "refuse_unknown", "wish", "wishes"]

_LISTS = ("keys", "fields")
_MOST_KEYS = 1_000
"""Keys that one message asks for."""

Key: TypeAlias = str | int | Enum | None
"""A key of a basket; None for all of them."""
Wish: TypeAlias = str | tuple[str, Key] | Follow
"""A channel, or ``basket/KEY``; a basket's and one of its keys; or all there is to say."""
Where: TypeAlias = Query | AnyFilter | Mapping[str, Any] | Sequence[AnyFilter | Mapping[str, Any]]
"""Which records are wanted: filters, as such or as the dicts that stand for them; a Query that has nothing else."""


class FollowOptions(TypedDict, total=False):
    """How a channel is followed; each is said in ``csp_gateway.wire.commands.Follow``."""

    keys: Sequence[str | int | Enum] | None
    snapshot: bool | Literal["last", "state"]
    state: str | None
    removals: bool
    since: int | None
    epoch: str | None
    positions: bool
    fields: list[str] | None
    where: Where | None
    min_interval: float
    latest_by: str | None
    format: Literal["json", "msgpack"]
    policy: Policy | None


def refuse_unknown(options: Mapping[str, Any], verbs: Collection[str] = ()) -> None:
    """Hold that there are such options.

    Args:
        verbs: what the verb takes by name beside them, of which one may be misspelled.

    Raises:
        WrongArgumentError: a ``TypeError``: there is none of this name; the nearest is named.
    """
    known = [*FollowOptions.__annotations__, *verbs]
    for name in options:
        if name not in FollowOptions.__annotations__:
            raise WrongArgumentError(f"there is no option {name!r}; {nearest_option(name, known)}")


def wish(channel: str, key: Key = None, **options: Any) -> Follow:
    """What is wanted of one channel.

    Args:
        channel: its name; ``basket/KEY`` is one key of a basket.
        options: those of ``FollowOptions``.

    Raises:
        WrongArgumentError: a ``TypeError``: there is no such option, and the nearest is named; or it is something else.
        QueryError: ``where`` is no filter.
    """
    refuse_unknown(options)
    for name in _LISTS:
        if isinstance(options.get(name), str):
            raise WrongArgumentError(f"{name} is a list of texts, such as [{options[name]!r}], and not one text")
    if isinstance(options.get("since"), date | str):
        raise WrongArgumentError(
            "since is the offset of a tick, such as 17, and no time: history takes times, and tells offsets"
        )
    if options.get("where") is not None:
        options["where"] = _filters(options["where"])
    else:
        options.pop("where", None)
    keys = options.get("keys")
    if isinstance(keys, Iterable):
        options["keys"] = [each.name if isinstance(each, Enum) else each for each in keys]
    if key is None and keys is None:
        channel, _, one = channel.partition("/")
        key = one or None
    return Follow(channel=channel, key=key.name if isinstance(key, Enum) else key, **options)


def wishes(channels: Iterable[Wish] | str, options: Mapping[str, Any]) -> list[Follow]:
    """What is wanted of some channels, with the same options; a Follow says its own.

    Raises:
        WrongArgumentError: a ``TypeError`` and a ``ValueError``: what is given names no channel, or none is given; or
            options beside a Follow, which would not heed them.
    """
    check("stream", channels=channels)
    given: list[Wish] = [channels] if isinstance(channels, str | Follow) else list(channels)
    if not given:
        raise WrongArgumentError("stream: channels names none: say which are to be followed")
    return [_wish(each, options) for each in given]


def _wish(given: Wish, options: Mapping[str, Any]) -> Follow:
    if isinstance(given, Follow):
        if options:
            raise WrongArgumentError(
                f"channel {given.channel!r} is given as a Follow, which says its own {', '.join(options)}"
            )
        return given
    if isinstance(given, str):
        return wish(given, **options)
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
        check("stream", key=given[1])
        return wish(given[0], given[1], **options)
    raise WrongArgumentError(
        f'channels: each is a name, (name, key) or a Follow, such as ("basket", "KEY"), and not {given!r:.100}'
    )


def joined(wanted: Iterable[Follow]) -> list[tuple[Follow, int]]:
    """The same in fewer: neighbours that differ in their one key alone as one with all keys; and how many each was."""
    fewer: list[tuple[Follow, int]] = []
    for (one_key, alike), neighbours in groupby(wanted, lambda each: (_has_one_key(each), replace(each, key=None))):
        some = list(neighbours)
        if not one_key:
            fewer += [(each, 1) for each in some]
            continue
        for start in range(0, len(some), _MOST_KEYS):
            keys = [each.key for each in some[start : start + _MOST_KEYS] if each.key is not None]
            fewer.append((some[start], 1) if len(keys) == 1 else (replace(alike, keys=keys), len(keys)))
    return fewer


def _has_one_key(wanted: Follow) -> bool:
    return wanted.key is not None and wanted.keys is None


def _filters(where: Where) -> msgspec.Raw:
    """The filters as JSON."""
    if isinstance(where, str):
        raise QueryError(
            f"where is a filter or a list of them, such as "
            f'{{"attr": "price", "by": {{"value": 10, "where": ">"}}}}, and not a text such as {where!r:.80}: '
            f"only the command line reads those"
        )
    if isinstance(where, Query):
        query = where
        more = query.model_fields_set - {"filters"}
        if more:
            raise WrongArgumentError(f"where is of filters alone; the query has {', '.join(sorted(more))} too")
    else:
        query = Query.of({"filters": list(where) if isinstance(where, Sequence) else [where]})
    return msgspec.Raw(msgspec.json.encode(query.model_dump(mode="json").get("filters", [])))
