"""Composes Hydra's YAML, registers the models it names, and returns the gateway."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccflow import ModelRegistry

from csp_gateway._lazy import later
from csp_gateway.errors import ConfigError, VariableError, did_you_mean
from csp_gateway.server.gateway import Gateway
from csp_gateway.server.settings import GatewaySettings

if TYPE_CHECKING:
    import hydra
    import omegaconf
    from hydra import errors
else:
    hydra, errors, omegaconf = later("hydra"), later("hydra.errors"), later("omegaconf")

__all__ = ["fill", "gateway_in", "load_config", "load_gateway", "refuse_lost_settings"]

ROOT = Path(__file__).parent
"""Our own YAML: ``base`` and the groups it offers."""
_READS_SETTINGS = re.compile(r"\$\{[^}]*\bsettings\b")


def load_config(
    config_dir: str = "",
    config_name: str = "",
    overrides: Sequence[str] | None = None,
    *,
    overwrite: bool = True,
    basepath: str = "",
) -> ModelRegistry:
    """Read a configuration into ccflow's root registry.

    Args:
        config_dir: your folder, searched beside ours for groups and for ``config_name``.
        config_name: a YAML file in ``config_dir``, without its ending.
        overrides: as on the command line, such as ``["port=9000", "+config=demo"]``.
        overwrite: replace what the registry already holds under a name; False refuses it.
        basepath: where a relative ``config_dir`` starts from; the working directory if empty.

    Returns:
        The root registry; ``registry["gateway"]`` is the gateway if the configuration has one.

    Raises:
        ConfigError: there is no such folder or file; or settings stand where nothing reads them; or the environment
            says what none can be.
    """
    chosen = list(overrides or ())
    if config_dir:
        folder = (Path(basepath) / config_dir).absolute()
        if not folder.is_dir():
            raise ConfigError(f"there is no folder {folder}: config_dir is where your YAML is")
        if config_name:
            # A file is a choice in the group of its folder's name; the folder's parent is where the group is found.
            if not (folder / f"{config_name}.yaml").exists():
                names = [path.stem for path in folder.glob("*.yaml")]
                raise ConfigError(f"there is no {config_name}.yaml in {folder}; {did_you_mean(config_name, names)}")
            chosen.insert(0, f"+{folder.name}={config_name}")
        chosen.append(f"hydra.searchpath=['file://{folder}','file://{folder.parent}']")
    with hydra.initialize_config_dir(str(ROOT), version_base=None):
        cfg = hydra.compose("base", overrides=chosen)
    refuse_lost_settings(cfg)
    registry = ModelRegistry.root()
    fill(registry, cfg, overwrite=overwrite)
    return registry


def fill(registry: ModelRegistry, cfg: omegaconf.DictConfig, *, overwrite: bool = True) -> None:
    """Register the models of a composed configuration.

    Raises:
        VariableError: the environment says what a setting cannot be; Hydra would say that a call has failed.
    """
    try:
        registry.load_config(cfg, overwrite=overwrite)
    except errors.InstantiationException as error:
        if isinstance(error.__cause__, VariableError):
            raise error.__cause__ from None
        raise


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


def refuse_lost_settings(cfg: omegaconf.DictConfig) -> None:
    """Hold that settings do not stand beside the gateway, where nothing reads them.

    Raises:
        ConfigError: they do; it says where they belong, and of one that does not exist the nearest.
    """
    lost = cfg.get("settings")
    if (
        not isinstance(lost, omegaconf.DictConfig)
        or "_target_" in lost
        or _READS_SETTINGS.search(omegaconf.OmegaConf.to_yaml(cfg))
    ):
        return
    for name in map(str, lost):
        if name not in GatewaySettings.model_fields:
            raise ConfigError(f"there is no setting {name!r}; {did_you_mean(name, GatewaySettings.model_fields)}")
    raise ConfigError(
        f"nothing reads `settings`, which stands beside the gateway and has {', '.join(map(str, lost))}: settings are "
        f"the gateway's own, under gateway: settings: in YAML, or ++gateway.settings.PORT=9000 on the command line"
    )


def gateway_in(registry: ModelRegistry) -> Gateway:
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
