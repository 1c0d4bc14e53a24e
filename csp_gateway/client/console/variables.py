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
"""What others call them; no setting of a gateway is called so."""
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

    Raises:
        WrongUsage: one was. What it says is not told: it may be a secret.
    """
    meant = [option.upper() for option in missing]
    for name in sorted(os.environ):
        if not name.upper().startswith(_PREFIX):
            continue
        said = name.upper().removeprefix(_PREFIX)
        near = [_CALLED[said]] if said in _CALLED else get_close_matches(said, meant, 1, _ALIKE)
        if near and near[0] in meant and name != f"{_PREFIX}{near[0]}":
            raise WrongUsage(f"nothing reads the environment variable {name!r}; did you mean '{_PREFIX}{near[0]}'?")
