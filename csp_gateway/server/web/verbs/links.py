"""Where the next page of an answer is, for its ``Link`` header."""

from collections.abc import Iterable

from fastapi import Request

__all__ = ["next_page"]


def next_page(request: Request, without: Iterable[str] = (), **changed: str) -> str:
    """The value of ``Link``: the request's own URL, with some parameters changed.

    Args:
        without: parameters that are left out.
    """
    url = request.url.remove_query_params(list(without)).include_query_params(**changed)
    # Without scheme and host, which a proxy in between knows better; with the prefix that it takes away.
    root = request.scope.get("root_path", "")
    path = url.path if url.path.startswith(f"{root}/") else f"{root}{url.path}"
    return f'<{url.replace(scheme="", netloc="", path=path)}>; rel="next"'
