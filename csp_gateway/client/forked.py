"""What a process that was made by ``os.fork`` begins anew: connections and threads are those of its parent."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable

__all__ = ["renewed_in_child"]

_RENEWS: dict[int, weakref.WeakMethod[Callable[[], None]]] = {}


def renewed_in_child(renew: Callable[[], None]) -> None:
    """In each child process call a method, before anything else runs there, for as long as its object lives.

    It must not touch what threads of the parent may have held in the middle of something, locks least of all: it puts
    new ones in their place.

    Args:
        renew: a bound method.
    """
    method = weakref.WeakMethod(renew, lambda gone: _forget(key, gone))
    key = id(method)
    _RENEWS[key] = method


def _forget(key: int, gone: weakref.WeakMethod[Callable[[], None]]) -> None:
    if _RENEWS.get(key) is gone:
        del _RENEWS[key]


def _renew() -> None:
    for method in list(_RENEWS.values()):
        renew = method()
        if renew is not None:
            renew()


if hasattr(os, "register_at_fork"):  # where there is no fork there is nothing to renew
    os.register_at_fork(after_in_child=_renew)
