"""compose.yaml: the format, and what must hold for a machine with other users and networks."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from tests.unit.deploy.files import DEPLOY, compose

ONE_SHOT = ("s3-bucket", "migrate")
OURS = ("migrate", "ingest", "materialize", "query", "archive", "gateway")
WITH_DOORS = ("ingest", "materialize", "query", "gateway")
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = dict(compose()["services"])
    return found


@pytest.mark.parametrize("name", ["compose.yaml", "compose.public.yaml"])
def test_it_is_of_composes_format(name: str) -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose(name), json.loads(schema.read_text()))


def test_a_service_that_goes_on_is_watched_restarted_and_bounded(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name in ONE_SHOT:
            continue
        assert service["restart"] == "unless-stopped", name
        # Ours has its check in the image.
        assert name in OURS or service["healthcheck"]["test"], name
        assert service["deploy"]["resources"]["limits"]["memory"], name


def test_what_is_waited_for_exists_and_can_come(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, f"{name} waits for {other}"
            ends = how["condition"] == "service_completed_successfully"
            assert ends == (other in ONE_SHOT), f"{name} waits for {other}"


def test_nothing_is_published_beyond_this_machine(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_what_is_published_beyond_this_machine_asks_for_tokens(services: dict[str, Any]) -> None:
    public = compose("compose.public.yaml")["services"]
    for name in WITH_DOORS:
        environment = public[name]["environment"]
        assert environment["RUNSTREAM_INSECURE"] == "false", name
        assert environment["RUNSTREAM_TOKENS_FILE"] == "/run/secrets/tokens", name
    assert {"RUNSTREAM_TLS_CERT", "RUNSTREAM_TLS_KEY"} <= set(public["gateway"]["environment"])
    assert "--cert" in public["s3"]["command"]


def test_whoever_speaks_to_s3_does_so_by_tls_when_it_is_public() -> None:
    public = compose("compose.public.yaml")["services"]
    for name in set(OURS) - {"migrate", "gateway"}:
        endpoint = public[name]["environment"]["RUNSTREAM_S3_ENDPOINT"]
        assert endpoint.startswith("https://"), name


def test_our_containers_can_change_nothing(services: dict[str, Any]) -> None:
    for name in OURS:
        assert services[name]["read_only"] is True, name
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["tmpfs"] == ["/tmp"], name


def test_secrets_have_no_default() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    names = {name for name, rest in VARIABLE.findall(text) if rest.startswith(":?")}
    assert names == {name for name, _ in VARIABLE.findall(text)}
    example = dict(
        line.split("=", 1)
        for line in (DEPLOY / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert example == dict.fromkeys(names, "")


def test_volumes_that_are_used_are_kept(services: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for one in services.values() for volume in one.get("volumes", [])}
    assert used == set(compose()["volumes"])
