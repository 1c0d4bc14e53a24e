"""Where each public name lives: there it is, and nowhere twice."""

from __future__ import annotations

from importlib import import_module

import csp_gateway
from csp_gateway import errors
from csp_gateway._homes import HOMES


def test_a_name_is_in_its_home() -> None:
    for name, home in HOMES.items():
        assert hasattr(import_module(home), name), f"{home} has no {name}"


def test_every_public_name_has_one_home() -> None:
    assert set(csp_gateway.__all__) == set(HOMES) | (set(errors.__all__) & set(csp_gateway.__all__))
    assert not set(HOMES) & set(errors.__all__)
