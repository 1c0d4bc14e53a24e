"""Adds the channels that modules ask for to a channels object, before any module connects."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from typing import Annotated, Any, get_args, get_origin

from csp.impl.types.tstype import isTsBasket, isTsType, ts
from pydantic import create_model

from csp_gateway.errors import DynamicChannelError, did_you_mean
from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway.asking import answer_of, enabled, where_said
from csp_gateway.server.module import GatewayModule

__all__ = ["gathered_states", "widen"]

_SUFFIX = "WithDynamicChannels"


def widen(channels: GatewayChannels, modules: Sequence[GatewayModule]) -> GatewayChannels:
    """A channels object that has every channel its modules ask for.

    Args:
        channels: left as it is. What it holds, static values above all, is carried over.
        modules: in order; those that are disabled take no part.

    Returns:
        ``channels`` itself when nobody asks for a channel it has not; else an object of a new subclass,
        ``<class of channels>WithDynamicChannels``.

    Raises:
        DynamicChannelError: a ``ValueError``: two types for one name, or a name or type that cannot be.
        BuildFailedError: a ``dynamic_channels`` raised something of its own; it is the cause.
    """
    base = type(channels)
    asked: dict[str, tuple[Any, str]] = {}
    for module in enabled(modules):
        where = where_said(module, "dynamic_channels")
        for name, carries in answer_of(module, "dynamic_channels", Mapping).items():
            edge = _edge_of(name, carries, where)
            if not _is_new(base, name, edge, where):
                continue
            known, first_said = asked.setdefault(name, (edge, where))
            if known != edge:
                raise DynamicChannelError(
                    f"Conflicting types for dynamic channel {name!r}: {_spelled(known)} in {first_said}, "
                    f"{_spelled(edge)} in {where}; call one of them something else"
                )
    return _grown(channels, {name: (edge, None) for name, (edge, _) in asked.items()}) if asked else channels


def gathered_states(modules: Sequence[GatewayModule]) -> dict[str, str]:
    """Each state that a module promises of its dynamic channels → the name of that module.

    Raises:
        DynamicChannelError: a ``ValueError``: the state of a channel that the same module does not ask for.
        BuildFailedError: a module raised something of its own; it is the cause.
    """
    promised: dict[str, str] = {}
    for module in enabled(modules):
        names = answer_of(module, "dynamic_state_channels", Collection)
        own = answer_of(module, "dynamic_channels", Mapping) if names else {}
        for name in names:
            if name not in own:
                raise DynamicChannelError(
                    f"{where_said(module, 'dynamic_state_channels')}: {name!r} is not among the module's own "
                    f"dynamic_channels; {did_you_mean(str(name), map(str, own))}"
                )
            promised.setdefault(name, type(module).__name__)
    return promised


def _grown(channels: GatewayChannels, fields: dict[str, Any]) -> GatewayChannels:
    """A copy of ``channels`` with more fields."""
    base = type(channels)
    name = base.__name__.removesuffix(_SUFFIX) + _SUFFIX
    widened = create_model(name, __base__=base, __module__=base.__module__, **fields)
    twin = copy(channels)
    # Its class is changed instead of a new object made: nothing is validated twice, and private attributes come along.
    object.__setattr__(twin, "__class__", widened)
    vars(twin).update(dict.fromkeys(fields))
    twin.renew()
    return twin


def _edge_of(name: Any, carries: Any, where: str) -> Any:
    """The type of the edge of a channel that carries this."""
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise DynamicChannelError(
            f"{where}: a channel cannot be called {name!r}; its name is a Python name that does not begin with '_'"
        )
    one = carries[0] if isinstance(carries, list) and len(carries) == 1 else carries
    origin: Any = get_origin(one)
    if not (isinstance(one, type) or origin) or origin is Annotated or isTsType(one) or isTsBasket(one):
        raise DynamicChannelError(
            f"{where}: {name!r} asks for {_spelled(carries)}; say what one tick carries, S or List[S]"
        )
    return ts[carries]


def _is_new(base: type[GatewayChannels], name: str, edge: Any, where: str) -> bool:
    """Whether the channel is to be added; False if it is declared just so."""
    declared = dict(base.declared).get(name)
    if declared is not None and not declared.is_basket and declared.tstype == edge:
        return False
    if name in base.model_fields:
        raise DynamicChannelError(
            f"{where}: {name!r} asks for {_spelled(edge)}, but {base.__name__}.{name} is "
            f"{declared or 'a static field'} already; call the new one something else"
        )
    if hasattr(base, name):
        raise DynamicChannelError(
            f"{where}: a channel cannot be called {name!r}, it would hide {base.__name__}.{name}; call it {name}_ or "
            f"say what it carries"
        )
    return True


def _spelled(tp: Any) -> str:
    if isTsType(tp):
        return f"ts[{_spelled(get_args(tp)[0])}]"
    if get_origin(tp) is list:
        return f"List[{_spelled(get_args(tp)[0])}]"
    return tp.__name__ if isinstance(tp, type) else str(tp)
