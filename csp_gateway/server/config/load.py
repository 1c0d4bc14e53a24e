"""Composes Hydra's YAML, registers the models it names, and returns the gateway."""

from collections.abc import Sequence
from pathlib import Path

from ccflow import ModelRegistry, RootModelRegistry
from ccflow.utils.hydra import load_config as compose

from csp_gateway.errors import ConfigError
from csp_gateway.server.gateway import Gateway

__all__ = ["gateway_in", "load_config", "load_gateway"]

ROOT = Path(__file__).parent
"""Our own YAML: ``base`` and the groups it offers."""


def load_config(
    config_dir: str = "",
    config_name: str = "",
    overrides: Sequence[str] | None = None,
    *,
    overwrite: bool = True,
    basepath: str = "",
) -> RootModelRegistry:
    """Read a configuration into ccflow's root registry.

    Args:
        config_dir: your folder, searched beside ours for groups and for ``config_name``.
        config_name: a YAML file in ``config_dir``, without its ending.
        overrides: as on the command line, such as ``["port=9000", "+config=demo"]``.
        overwrite: replace what the registry already holds under a name; False refuses it.
        basepath: where a relative ``config_dir`` starts from; the working directory if empty.

    Returns:
        The root registry; ``registry["gateway"]`` is the gateway if the configuration has one.
    """
    result = compose(
        root_config_dir=str(ROOT),
        root_config_name="base",
        config_dir=config_dir,
        config_name=config_name,
        overrides=list(overrides or ()),
        basepath=basepath,
    )
    registry = ModelRegistry.root()
    registry.load_config(result.cfg, overwrite=overwrite)
    return registry


def load_gateway(
    config_dir: str = "",
    config_name: str = "",
    overrides: Sequence[str] | None = None,
    *,
    overwrite: bool = True,
    basepath: str = "",
) -> Gateway:
    """The gateway a configuration describes; the arguments are those of ``load_config``.

    Raises:
        ConfigError: the configuration has no ``gateway`` section.
    """
    return gateway_in(load_config(config_dir, config_name, overrides, overwrite=overwrite, basepath=basepath))


def gateway_in(registry: RootModelRegistry) -> Gateway:
    """The gateway among the registered models.

    Raises:
        ConfigError: there is none.
    """
    found = registry.models.get("gateway")
    if not isinstance(found, Gateway):
        raise ConfigError(
            "the configuration has no `gateway` section with `_target_: csp_gateway.Gateway`; "
            "name a file that has one, such as +config=demo with --config-dir=csp_gateway/server/demo"
        )
    return found
