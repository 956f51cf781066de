"""deploy/ through kustomize and Compose's own reader, both built from Go by `make deploy-tools`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.servers.required import cannot_be_had
from tests.unit.deploy.files import DEPLOY, KUBERNETES, ROOT

OVERLAYS = ("base", "overlays/example", "overlays/keda")


def tool(name: str) -> str:
    """The program; a failure where tests must be complete, else a skip that says why."""
    path = ROOT / "build" / "servers" / "bin" / name
    if not path.exists():
        cannot_be_had(f"{name} is not built: make deploy-tools (it needs Go)")
    return str(path)


def output(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def built(overlay: str) -> list[dict[str, Any]]:
    text = output(tool("kustomize"), "build", str(KUBERNETES / overlay))
    return list(yaml.safe_load_all(text))


def named(objects: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    [found] = [one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_makes_valid_objects(overlay: str) -> None:
    objects = built(overlay)
    assert len(objects) >= 20
    for one in objects:
        if one["kind"] != "ScaledObject":
            kubernetes_validate.validate(one, "1.33", strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_their_pods(overlay: str) -> None:
    objects = built(overlay)
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"]
        for one in objects
        if one["kind"] == "Deployment"
    }
    assert len(pods) == 5
    for one in objects:
        if one["kind"] in ("Service", "PodDisruptionBudget"):
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector).items()
            found = [name for name, labels in pods.items() if wanted <= labels.items()]
            assert found == [one["metadata"]["name"]]


def test_the_example_has_its_own_settings() -> None:
    objects = built("overlays/example")
    assert {one["metadata"].get("namespace") for one in objects if one["kind"] != "Namespace"} == {
        "runstream"
    }
    data = named(objects, "ConfigMap", "runstream")["data"]
    assert data["RUNSTREAM_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    # What the example does not change is still there.
    assert data["RUNSTREAM_PARTITIONS"] == "32"
    pod = named(objects, "Deployment", "runstream-ingest")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].startswith("registry.example.org/runstream:")


def test_lag_alone_says_how_many_materialize() -> None:
    objects = built("overlays/keda")
    assert "replicas" not in named(objects, "Deployment", "runstream-materialize")["spec"]
    scaled = named(objects, "ScaledObject", "runstream-materialize")
    assert scaled["spec"]["scaleTargetRef"]["name"] == "runstream-materialize"


def composed(tmp_path: Path, *names: str) -> dict[str, Any]:
    """The files as Compose reads them, merged; from a copy, because secrets have to exist."""
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy)
    (copy / "secrets").mkdir()
    (copy / "secrets" / "gateway-token.env").write_text("RUNSTREAM_UPSTREAM_TOKEN=t\n")
    program = tool("compose-go")
    text = output(program, "--no-interpolation", "--format", "json", *names, cwd=copy)
    services: dict[str, Any] = json.loads(text)["services"]
    return services


def test_compose_reads_the_file(tmp_path: Path) -> None:
    services = composed(tmp_path, "compose.yaml")
    assert len(services) == 10
    assert {port["host_ip"] for one in services.values() for port in one.get("ports", [])} == {
        "127.0.0.1"
    }


def test_compose_lets_others_in_only_with_tokens(tmp_path: Path) -> None:
    services = composed(tmp_path, "compose.yaml", "compose.public.yaml")
    for name in ("ingest", "materialize", "query", "gateway"):
        environment = services[name]["environment"]
        assert "RUNSTREAM_INSECURE=false" in environment
        assert "RUNSTREAM_TOKENS_FILE=/run/secrets/tokens" in environment
        assert services[name]["read_only"] is True
    ports = services["gateway"]["ports"]
    assert [(port["published"], port.get("host_ip")) for port in ports] == [
        ("5000", None),
        ("5001", None),
    ]
