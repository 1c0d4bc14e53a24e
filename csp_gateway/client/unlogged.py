"""Keeps credentials that stand in URLs out of the log of the HTTP library, which tells of every request."""

from __future__ import annotations

import logging
import re

__all__ = ["keep_credentials_unlogged"]

_TOKEN = re.compile(r"([?&]token=)[^&#\s\"']+")


class _Unlogged(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, without what is secret in it."""
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(each) for each in record.args)
        return True


def _masked(said: object) -> object:
    text = str(said)
    return _TOKEN.sub(r"\1…", text) if "token=" in text else said


_UNLOGGED = _Unlogged()


def keep_credentials_unlogged() -> None:
    """From now on; saying it again changes nothing."""
    logging.getLogger("httpx2").addFilter(_UNLOGGED)
