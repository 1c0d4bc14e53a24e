"""Environment variables that say what the options of all commands say; one that is spelled nearly so is refused."""

from __future__ import annotations

import os
from collections.abc import Collection
from difflib import get_close_matches

from csp_gateway.client.console.failures import WrongUsage

__all__ = ["refuse_misspelled", "variable_of"]

_PREFIX = "CSP_GATEWAY_"
_CALLED = {
    **dict.fromkeys(("API_KEY", "APIKEY", "AUTH_TOKEN", "KEY"), "TOKEN"),
    "BEARER_TOKEN": "BEARER",
    **dict.fromkeys(("ADDRESS", "ENDPOINT", "HOST", "SERVER", "URI"), "URL"),
}
"""What others call them; no setting of a gateway's own is called so, though one of a user's settings may be."""
_ALIKE = 0.75
"""Of what differs more, it may be a gateway's setting, of which the console knows nothing."""


def variable_of(option: str) -> str:
    """The variable that says the same as an option.

    >>> variable_of("token")
    'CSP_GATEWAY_TOKEN'
    """
    return f"{_PREFIX}{option.upper()}"


def refuse_misspelled(missing: Collection[str]) -> None:
    """Hold that no variable was meant to say one of these options, which nothing says, and is misspelled.

    An option's variable that is there and empty says that there is nothing to say.

    Raises:
        WrongUsage: one was. What it says is not told: it may be a secret.
    """
    meant = [option.upper() for option in missing if variable_of(option) not in os.environ]
    for name in sorted(os.environ):
        if not name.upper().startswith(_PREFIX):
            continue
        option = _nearest(name.upper().removeprefix(_PREFIX), meant)
        if option and name != (variable := variable_of(option)):
            raise WrongUsage(
                f"csp-gateway reads no environment variable {name!r}; did you mean {variable!r}? "
                f"If not, set {variable} to nothing"
            )


def _nearest(said: str, meant: Collection[str]) -> str | None:
    if said in _CALLED:
        return _CALLED[said] if _CALLED[said] in meant else None
    words = said.split("_")
    if len(words) > 1 and not {*words}.isdisjoint(meant):
        return None  # spelled well, and said to be another one, such as TOKEN_EU
    return next(iter(get_close_matches(said, meant, 1, _ALIKE)), None)
