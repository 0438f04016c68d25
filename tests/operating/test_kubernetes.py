"""The manifest hangs together: with itself, with the image, and with a configuration that `check` accepts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from switch.config.load import load
from tests.peers.switch import ROOT

MANIFEST = ROOT / "config" / "kubernetes" / "centralita.yaml"
OBJECTS = {one["kind"]: one for one in yaml.safe_load_all(MANIFEST.read_text())}
POD = OBJECTS["StatefulSet"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PHONE_1001", "a secret of the cluster")
    file = tmp_path / "centralita.yaml"
    file.write_text(OBJECTS["ConfigMap"]["data"]["centralita.yaml"])
    return load(file)


def test_its_configuration_has_no_mistakes(configuration: Any) -> None:
    assert configuration.phones["1001"].secret.get_secret_value() == "a secret of the cluster"


def test_probes_ask_where_the_switch_listens_and_tell_life_from_readiness(configuration: Any) -> None:
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/livez",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    for probe in probes.values():
        assert f"{probe['host']}:{probe['port']}" == str(configuration.http.listen)


def test_a_drain_is_waited_for(configuration: Any) -> None:
    assert POD["terminationGracePeriodSeconds"] > configuration.server.drain_timeout + 30


def test_what_the_switch_writes_lies_on_the_volume_and_nothing_else_can_be_written(
    configuration: Any,
) -> None:
    mounts = {mount["name"]: Path(mount["mountPath"]) for mount in CONTAINER["volumeMounts"]}
    assert mounts["data"] in configuration.server.data_dir.parents
    (claim,) = OBJECTS["StatefulSet"]["spec"]["volumeClaimTemplates"]
    volumes = {volume["name"] for volume in POD["volumes"]} | {claim["metadata"]["name"]}
    assert set(mounts) == volumes
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True


def test_it_is_one_without_rights_in_the_network_of_its_node() -> None:
    spec = OBJECTS["StatefulSet"]["spec"]
    assert spec["replicas"] == 1
    assert POD["hostNetwork"] is True
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels


def test_its_ports_are_those_that_the_switch_listens_on(configuration: Any) -> None:
    named = {(port["protocol"].lower(), port["containerPort"]) for port in CONTAINER["ports"]}
    assert named == {(listen.transport, listen.port) for listen in configuration.sip.listen}
    assert {"name": "CENTRALITA_CONFIG", "value": "/etc/centralita/centralita.yaml"} in CONTAINER["env"]


def test_no_secret_is_in_it() -> None:
    assert set(OBJECTS) == {"ConfigMap", "StatefulSet"}
    assert CONTAINER["envFrom"] == [{"secretRef": {"name": "centralita"}}]
