"""From YAML to a gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ccflow import ModelRegistry

from csp_gateway import ConfigError, Gateway, load_config, load_gateway
from csp_gateway.server.demo import ExampleGatewayChannels

DEMO = str(Path(__file__).parents[3] / "csp_gateway/server/demo")


@pytest.fixture(autouse=True)
def _clean_registry() -> Iterator[None]:
    ModelRegistry.root().clear()
    yield
    ModelRegistry.root().clear()


def test_the_demo() -> None:
    gateway = load_gateway(DEMO, overrides=["+config=demo"])
    assert isinstance(gateway, Gateway)
    assert gateway.settings.PORT == 8000
    assert isinstance(gateway.channels, ExampleGatewayChannels)
    names = [type(module).__name__ for module in gateway.modules]
    assert names == ["ExampleModule", "MountPerspectiveTables", "MountRestRoutes"]


def test_everything_can_be_overridden() -> None:
    overrides = [
        "+config=demo",
        "port=9000",
        "++gateway.settings.TITLE=Desk",
        "modules.mount_rest_routes.force_mount_all=false",
        "++modules.example_module.interval=0.5",
    ]
    gateway = load_gateway(DEMO, overrides=overrides)
    assert (gateway.settings.PORT, gateway.settings.TITLE) == (9000, "Desk")
    assert gateway.modules[0].interval.total_seconds() == 0.5
    assert not gateway.modules[2].force_mount_all


def test_every_ready_made_module_is_made_under_its_name() -> None:
    modules = load_config(DEMO, overrides=["+config=demo"])["modules"]
    made = {name: type(modules[name]).__name__ for name in modules.models}
    assert made == {
        "example_module": "ExampleModule",
        "mount_channels_graph": "MountChannelsGraph",
        "mount_controls": "MountControls",
        "mount_perspective_tables": "MountPerspectiveTables",
        "mount_rest_routes": "MountRestRoutes",
        "mount_websocket_routes": "MountWebSocketRoutes",
    }


def test_a_path_in_the_registry_is_the_registered_object() -> None:
    registry = load_config(DEMO, overrides=["+config=demo"])
    assert registry["gateway"].modules[0] is registry["modules"]["example_module"]


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "desk.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - /gateway: demo\n  - _self_\n"
        "port: 8123\n"
        "gateway:\n  settings:\n    TITLE: Desk\n"
    )
    for gateway in (load_gateway(str(folder), "desk"), load_gateway("settings", "desk", basepath=str(tmp_path))):
        assert (gateway.settings.PORT, gateway.settings.TITLE) == (8123, "Desk")
        assert len(gateway.modules) == 3


def test_a_mistyped_folder_or_file_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="there is no folder /nowhere"):
        load_config("/nowhere")
    with pytest.raises(ConfigError, match=r"there is no dmo\.yaml in .*; did you mean 'demo'"):
        load_config(f"{DEMO}/config", "dmo")


def test_no_gateway_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="has no `gateway` section"):
        load_gateway()


def test_a_mistyped_setting_names_the_nearest() -> None:
    with pytest.raises(Exception, match="there is no setting 'PROT'; did you mean 'PORT'"):
        load_gateway(DEMO, overrides=["+config=demo", "++gateway.settings.PROT=1"])


def test_a_second_load_replaces_the_first_or_refuses() -> None:
    load_gateway(DEMO, overrides=["+config=demo"])
    assert load_gateway(DEMO, overrides=["+config=demo", "port=9001"]).settings.PORT == 9001
    with pytest.raises(Exception, match="already"):
        load_gateway(DEMO, overrides=["+config=demo"], overwrite=False)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("++settings.PROT=1", "there is no setting 'PROT'; did you mean 'PORT'"),
        ("++settings.PORT=1", "nothing reads `settings`, .* has PORT: .*gateway.settings.PORT=9000"),
    ],
)
def test_settings_beside_the_gateway_are_refused(lost: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_gateway(DEMO, overrides=["+config=demo", lost])


def test_settings_beside_the_gateway_may_be_read_by_it() -> None:
    gateway = load_gateway(DEMO, overrides=["+config=demo", "++settings.TITLE=Desk", "gateway.settings=${settings}"])
    assert gateway.settings.TITLE == "Desk"
