"""Gathers the keys of every basket from its class, the channels object and its modules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from csp_gateway.errors import DynamicChannelError, UnknownChannelError, did_you_mean
from csp_gateway.server.channels import Declaration, GatewayChannels
from csp_gateway.server.gateway.asking import answer_of, enabled, where_said
from csp_gateway.server.module import GatewayModule

__all__ = ["gathered_keys"]


def gathered_keys(channels: GatewayChannels, modules: Sequence[GatewayModule]) -> dict[str, tuple[Any, ...]]:
    """Every basket → its keys, each once: an enum's members, or what ``channels`` and then its modules say.

    A basket by position has as many positions as the longest answer.

    Args:
        channels: an object of the class that declares the baskets.
        modules: in order; those that are disabled take no part.

    Raises:
        UnknownChannelError: keys for a channel that is not there.
        DynamicChannelError: a ``ValueError``: keys for what takes none, or keys of another type than declared.
        BuildFailedError: a ``dynamic_keys`` raised something of its own; it is the cause.
    """
    keys = {name: dict.fromkeys(basket.keys or ()) for name, basket in channels.declared.items() if basket.is_basket}
    for source in (channels, *enabled(modules)):
        where = where_said(source, "dynamic_keys")
        for name, given in answer_of(source, "dynamic_keys", Mapping).items():
            basket = _open_basket(channels, name, where)
            read = _positions if basket.container is list else _keys
            keys[name].update(dict.fromkeys(read(basket, given, where)))
    return {name: tuple(each) for name, each in keys.items()}


def _open_basket(channels: GatewayChannels, name: Any, where: str) -> Declaration:
    """The basket of this name, whose class leaves the keys open."""
    owner = type(channels)
    declaration = dict(channels.declared).get(name)
    if declaration is None and name not in owner.model_fields:
        baskets = [each for each, other in channels.declared.items() if other.is_basket]
        raise UnknownChannelError(
            f"{where}: {owner.__name__} has no basket {name!r}; {did_you_mean(str(name), baskets)}"
        )
    if declaration is None or not declaration.is_basket:
        raise DynamicChannelError(
            f"{where}: {owner.__name__}.{name} is {declaration or 'a static field'}, only a basket has keys"
        )
    if declaration.keys is not None:
        raise DynamicChannelError(
            f"{where}: the keys of {owner.__name__}.{name} are the members of {declaration.key_type.__name__}, "
            f"nothing can be added to them"
        )
    return declaration


def _keys(basket: Declaration, given: Any, where: str) -> Iterable[Any]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise DynamicChannelError(f"{where}: {basket.name!r} takes a list of keys, not {given!r:.80}")
    keys = list(given)
    for key in keys:
        # True is an int, but nobody means it as a key; "" is how a call says that it gives no key.
        if not isinstance(key, basket.key_type) or isinstance(key, bool) or key == "":
            wanted = "a str that is not empty" if basket.key_type is str else "an int"
            raise DynamicChannelError(f"{where}: each key of {basket.name!r}, {basket}, is {wanted}, not {key!r:.80}")
    return keys


def _positions(basket: Declaration, given: Any, where: str) -> Iterable[int]:
    try:
        said = set(range(given) if isinstance(given, int) and given >= 0 else given)
    except TypeError:
        said = {None}
    if said != set(range(len(said))):
        raise DynamicChannelError(
            f"{where}: {basket.name!r}, {basket}, takes how many positions it has, or all of them from 0 on, "
            f"not {given!r:.80}"
        )
    return range(len(said))
