"""csp-gateway-start: compose the configuration, build the gateway, start it."""

import sys
import traceback
from typing import Any

import hydra
from ccflow import ModelRegistry
from omegaconf import DictConfig, OmegaConf

from csp_gateway.errors import GatewayException, PortTakenError
from csp_gateway.server.config.load import fill, gateway_in, refuse_lost_settings

__all__ = ["main"]

_WHAT_TO_DO = """\
csp-gateway-start runs a gateway from YAML, and was not told which.

  csp-gateway-start --config-dir=csp_gateway/server/demo +config=demo    the first example, on port 8000
  csp-gateway-start --config-dir=DIR +config=NAME                        your DIR/config/NAME.yaml
  csp-gateway-start +gateway=demo port=9000                              a ready-made part
  csp-gateway-start --help                                               everything else
"""


@hydra.main(version_base=None, config_path="config", config_name="base")
def main(cfg: DictConfig) -> None:
    """Start what the configuration describes; ends with status 0, or with a sentence and that of the error."""
    if "gateway" not in cfg:
        # Without a folder that has a group `config`, Hydra takes +config=NAME for a new key.
        lost = f"There is no file config/{cfg.config}.yaml: --config-dir is missing.\n\n" if "config" in cfg else ""
        sys.exit(lost + _WHAT_TO_DO)
    registry = ModelRegistry.root()
    try:
        refuse_lost_settings(cfg)
        fill(registry, cfg)
        gateway = gateway_in(registry)
        if not cfg.start:
            sys.stdout.write(OmegaConf.to_yaml(cfg, resolve=True))
            return
        options: dict[str, Any] = OmegaConf.to_container(cfg.start, resolve=True)  # type: ignore[assignment]
        gateway.start(**options)
    except GatewayException as error:
        if error.__cause__ is not None and not isinstance(error, PortTakenError):
            # The cause lies in a module's own code: its author needs the line.
            traceback.print_exception(error.__cause__)
        notes = getattr(error, "__notes__", [])
        sys.stderr.write("".join(f"{line}\n" for line in [f"{type(error).__name__}: {error}", *notes]))
        sys.exit(error.exit_status)
