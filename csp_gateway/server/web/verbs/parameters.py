"""The parameters of a request's URL: those that a route does not know, or is given twice, are refused."""

from collections import Counter
from collections.abc import Collection

from fastapi import Request

from csp_gateway.errors import did_you_mean
from csp_gateway.server.web.problem import UNKNOWN_PARAMETER, RefusedRequest
from csp_gateway.wire.synonyms import nearest_option, ours_for

__all__ = ["refuse_all", "refuse_unknown"]

_OF_EVERY_ROUTE = frozenset({"timeout", "token"})
"""What is not the routes' own: the deadline, and credentials, for whoever stands in front of the gateway."""
_KEY = frozenset({"index", "indexer", "key", "keys"})
"""What others call a key of a basket."""
_LONGEST_SHOWN = 80


def refuse_unknown(
    request: Request,
    known: Collection[str],
    parts: Collection[str] = (),
    many: Collection[str] = (),
    keys: Collection[str] = (),
) -> None:
    """Hold that a request has no parameters but these.

    Args:
        parts: what belongs into the parameter ``query``, which is JSON.
        many: those of the known that may be given several times.
        keys: of what is asked, if it is a basket; one of them belongs into the path.

    Raises:
        RefusedRequest: 422, naming the first that it has besides, and the nearest there is; or that it has twice.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in given.items():
        if name not in known and name not in _OF_EVERY_ROUTE:
            said = request.query_params[name]
            misplaced = (name.casefold() in _KEY and keys) or said in keys
            raise _refused(_in_the_path(request, name, said, keys) if misplaced else _unknown(name, known, parts))
        if times > 1 and name in known and name not in many:
            raise _refused(f"{name}: it is given {times} times, and only one can count; give it once")


def refuse_all(request: Request) -> None:
    """Hold that a request which says everything in its body has no parameters.

    Raises:
        RefusedRequest: 422, naming the first that it has.
    """
    for name in request.query_params:
        if name not in _OF_EVERY_ROUTE:
            raise _refused(f"{name[:_LONGEST_SHOWN]}: a POST has its query in its body, as JSON, and not in its URL")


def _in_the_path(request: Request, name: str, said: str, keys: Collection[str]) -> str:
    sentence = f"{name[:_LONGEST_SHOWN]}: the key of a basket stands in the path"
    if "key" in request.path_params:
        return f"{sentence}, which has one already"
    path = request.url.path.rstrip("/")
    return (
        f"{sentence}: {path}/{said}"
        if said in keys
        else f"{sentence}: {path}/KEY; {did_you_mean(said[:_LONGEST_SHOWN], keys)}"
    )


def _unknown(name: str, known: Collection[str], parts: Collection[str]) -> str:
    shown = name[:_LONGEST_SHOWN]
    if part := name if name in parts else ours_for(shown, parts):
        return f'{shown}: a part of the query, which is JSON: ?query={{"{part}": …}}'
    return f"{shown}: there is no such parameter; {nearest_option(shown, [*known, 'timeout'])}"


def _refused(sentence: str) -> RefusedRequest:
    return RefusedRequest(UNKNOWN_PARAMETER, sentence)
