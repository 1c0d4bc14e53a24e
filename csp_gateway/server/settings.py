"""GatewaySettings: name, port, paths and looks of one gateway."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, AnyHttpUrl, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from csp_gateway.errors import did_you_mean
from csp_gateway.server.variables import refuse_unknown_variables, unreadable, wrong_variables

__all__ = ["GatewaySettings", "Settings"]

_NOBODY = "example@domain.com"
"""The address that is nobody's, and stands for none."""


def _without_slashes(text: str) -> str:
    return text.strip("/")


def _a_version(text: str) -> str:
    version = text.strip("/")
    if not version:
        raise ValueError("a version of the API has a name, such as v1")
    return version


def _one_leading_slash(text: str) -> str:
    stripped = text.strip("/")
    return f"/{stripped}" if stripped else ""


class GatewaySettings(BaseSettings):
    """What is known of a gateway before it starts; each key can also be set by ``CSP_GATEWAY_<KEY>``.

    Unknown keys are refused with the nearest right one: a mistyped ``PROT`` never becomes the default port in silence.

    Raises:
        VariableError: the environment names no setting, or says what one cannot be.
        ValidationError: what is given does.
    """

    model_config = SettingsConfigDict(env_prefix="CSP_GATEWAY_", case_sensitive=True, extra="forbid")

    TITLE: str = Field(default="Gateway", description="Name shown in the page and in the API's documentation.")
    DESCRIPTION: str = Field(
        default="# Welcome to the gateway\n\nEvery stream of this application, over REST.",
        description="Markdown shown in the API's documentation.",
    )
    VERSION: str = Field(default_factory=lambda: version("csp-gateway"), description="Version shown to users.")
    AUTHOR: str = Field(default="", description="Contact named in the API's documentation.")
    EMAIL: str = Field(
        default=_NOBODY, description="Where users write to; the default stands for nobody, and is not shown."
    )

    BIND: str = Field(
        default="127.0.0.1",
        description="Address to listen on. The default is this machine only; 0.0.0.0 opens the gateway to the network.",
    )
    PORT: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    ROOT_PATH: Annotated[str, AfterValidator(_one_leading_slash)] = Field(
        default="", description="Prefix under which a reverse proxy serves the gateway, such as /desk."
    )
    API_PREFIX: Annotated[str, AfterValidator(_without_slashes)] = Field(
        default="api", description="First part of API paths; empty, they begin with the version."
    )
    API_VERSION_DEFAULT: Annotated[str, AfterValidator(_a_version)] = Field(
        default="v1", description="API version of routes that name none."
    )
    BACKEND_CORS_ORIGINS: list[AnyHttpUrl] = Field(
        default_factory=list, description="Other origins whose pages may call the API."
    )

    ALLOWED_HOSTS: list[str] = Field(
        default_factory=list,
        description="Names the gateway answers to, beside its own on this machine; * is every name. Empty: every name, "
        "unless BIND is this machine only.",
    )
    MAX_BODY_BYTES: int = Field(default=16 * 2**20, ge=1, description="The largest body of a request.")
    MAX_JSON_DEPTH: int = Field(default=64, ge=1, le=500, description="How deep the JSON of a request may be nested.")
    MAX_REQUESTS: int = Field(default=2000, ge=1, description="The most requests in progress, without those of next.")
    MAX_WAITING: int = Field(default=10_000, ge=1, description="The most requests of next that wait for a tick.")
    MAX_CLIENTS: int = Field(default=10_000, ge=1, description="The most clients that follow channels as they tick.")
    REQUEST_SECONDS: float = Field(
        default=60.0, gt=0, allow_inf_nan=False, description="How long a request may wait for its answer to begin."
    )
    NEXT_SECONDS: float = Field(
        default=300.0, gt=0, allow_inf_nan=False, description="How long a request of next may wait for its tick."
    )

    COMPRESS_BYTES: int = Field(
        default=16 * 1024, ge=0, description="Size of an answer from which on it is compressed, for who accepts that."
    )

    HISTORY_ITEMS: int = Field(default=1000, ge=1, description="Newest ticks kept of each channel that is exposed.")
    HISTORY_SECONDS: float = Field(
        default=300.0, gt=0, allow_inf_nan=False, description="Engine time they may span, in seconds."
    )
    HISTORY_BYTES: int = Field(default=16 * 2**20, ge=1, description="Memory they may hold, by an estimate.")

    SQL_SECONDS: float = Field(
        default=10.0,
        gt=0,
        allow_inf_nan=False,
        description="How long one SELECT over the states may take, or Python with one query, in seconds.",
    )
    SQL_ROWS: int = Field(default=1_000_000, ge=1, description="The most rows of its answer.")
    SQL_BYTES: int = Field(default=256 * 2**20, ge=1, description="The most memory of its answer.")
    DUCKDB_BYTES: int = Field(
        default=2**30,
        ge=64 * 2**20,
        description="Memory that DuckDB may take in this process, for states and SELECTs; of several gateways the "
        "largest counts.",
    )

    STALL_SECONDS: float = Field(
        default=5.0,
        ge=0.5,
        allow_inf_nan=False,
        description="How long one cycle of the engine may take until /readyz says that it is stalled.",
    )
    LAG_SECONDS: float = Field(
        default=5.0,
        gt=0,
        allow_inf_nan=False,
        description="How far the engine may be behind the clock until /readyz says so.",
    )

    POSTMORTEM_FOLDER: str = Field(
        default="",
        description="Folder in which a gateway that fails writes down what was so. Empty: one of this user's in the "
        "system's temporary folder.",
    )
    POSTMORTEMS: int = Field(default=10, ge=0, description="The newest of them that are kept there; 0 writes none.")

    UI: bool = Field(default=False, description="Serve the page at /; the same as start(ui=True).")

    if not TYPE_CHECKING:  # whoever checks types is to see a parameter for each setting

        def __init__(self, **given: Any) -> None:
            prefix, fields = self.model_config.get("env_prefix", ""), type(self).model_fields
            refuse_unknown_variables(prefix, fields)
            try:
                super().__init__(**given)
            except SettingsError as error:
                raise unreadable(error, prefix, fields) from None
            except ValidationError as error:
                wrong = wrong_variables(error, given, prefix, fields)
                if wrong is None:
                    raise
                raise wrong from None

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for key in given:
                if key not in cls.model_fields:
                    raise ValueError(f"there is no setting {key!r}; {did_you_mean(str(key), cls.model_fields)}")
        return given

    def api(self, version: str | None = None) -> str:
        """The path every API route of a version begins with, such as ``/api/v1``; the default's for None and ``/``."""
        prefix = f"/{self.API_PREFIX}".rstrip("/")
        return f"{prefix}/{_without_slashes(version or '') or self.API_VERSION_DEFAULT}"

    def public_api(self, version: str | None = None) -> str:
        """The same as a client asks for it: below ``ROOT_PATH``."""
        return f"{self.ROOT_PATH}{self.api(version)}"

    @property
    def contact(self) -> dict[str, str]:
        """Who answers questions, as OpenAPI has it: ``name`` and ``email``, as far as they are set.

        The default of ``EMAIL`` is a placeholder, which is left out like an empty one: nobody reads what is sent there.
        """
        contact = {"name": self.AUTHOR, "email": self.EMAIL if self.EMAIL != _NOBODY else ""}
        return {key: value for key, value in contact.items() if value}

    @property
    def API_STR(self) -> str:
        """The path every API route of the default version begins with."""
        return self.api()


Settings = GatewaySettings
