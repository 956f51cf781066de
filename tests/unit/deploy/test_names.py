"""Names in deploy/ are those of the program: variables, commands, versions."""

from __future__ import annotations

import re
from importlib.metadata import version

import click

from tests.unit.deploy.files import (
    DEPLOY,
    ROOT,
    command_tree,
    compose,
    containers,
    known_variables,
    manifests,
    named_variables,
    runstream_commands,
)

# What a role cannot begin without.
LOG = {
    "RUNSTREAM_KAFKA",
    "RUNSTREAM_ARCHIVE",
    "RUNSTREAM_S3_ENDPOINT",
    "RUNSTREAM_S3_BUCKET",
    "RUNSTREAM_S3_ACCESS_KEY",
    "RUNSTREAM_S3_SECRET_KEY",
}
NEEDED = {
    "ingest": LOG,
    "materialize": LOG | {"RUNSTREAM_CLICKHOUSE"},
    "query": LOG | {"RUNSTREAM_CLICKHOUSE"},
    "archive": LOG,
    "gateway": {"RUNSTREAM_INGEST", "RUNSTREAM_QUERY"},
    "migrate": {"RUNSTREAM_CLICKHOUSE"},
}

IMAGE = re.compile(
    r"(?:[\w.\-]+(?::\d+)?/)*[\w.\-]+:(?P<tag>v?\d+(?:\.\d+){2,}(?:-[\w.\-]+)?)(?:@sha256:[0-9a-f]{64})?"
)


def found(arguments: list[str]) -> click.Command:
    command: click.Command = command_tree()
    for argument in arguments:
        if argument.startswith("-"):
            flags = {flag for one in command.params for flag in one.opts}
            assert argument.partition("=")[0] in flags, f"{arguments}: {argument}"
            continue
        if not isinstance(command, click.Group):
            assert argument.isdigit(), f"{arguments}: {argument}"
            continue
        assert argument in command.commands, f"no command {' '.join(arguments)}"
        command = command.commands[argument]
    needs_one = isinstance(command, click.Group) and not command.invoke_without_command
    assert not needs_one, f"{' '.join(arguments)} is a group"
    return command


def test_every_variable_exists() -> None:
    known = known_variables()
    assert {name: at for name, at in named_variables().items() if name not in known} == {}


def test_every_command_exists() -> None:
    commands = list(runstream_commands())
    assert len(commands) >= 10
    for _, arguments in commands:
        found(arguments)


def test_every_role_is_given_what_it_needs_by_compose() -> None:
    services = compose()["services"]
    for role, needed in NEEDED.items():
        assert needed <= set(services[role]["environment"]), role


def test_every_role_is_given_what_it_needs_by_kubernetes() -> None:
    sources = {
        document["metadata"]["name"]: set(document.get("data", {}))
        | set(document.get("stringData", {}))
        for path, document in manifests()
        if path.parent.name == "base" and document["kind"] == "ConfigMap"
    }
    example = {
        document["metadata"]["name"]: set(document["stringData"])
        for path, document in manifests()
        if path.name == "secret.example.yaml"
    }
    for where, _, spec in containers():
        if not where.startswith("deploy/kubernetes/base/"):
            continue
        given = {entry["name"] for entry in spec.get("env", [])}
        for source in spec["envFrom"]:
            given |= sources.get(source.get("configMapRef", {}).get("name"), set())
            given |= example.get(source.get("secretRef", {}).get("name"), set())
        assert NEEDED[spec["name"]] <= given, where


def test_every_image_is_pinned_to_a_version() -> None:
    images = {service["image"] for service in compose()["services"].values()}
    images |= set(re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    # In the base the version is put in by kustomize.
    images |= {spec["image"] for _, _, spec in containers() if spec["image"] != "runstream"}
    assert len(images) >= 6
    assert [image for image in sorted(images) if not IMAGE.fullmatch(image)] == []


def test_our_own_image_is_this_version() -> None:
    ours = version("runstream")
    text = "".join(path.read_text() for path in [*DEPLOY.rglob("*.yaml"), DEPLOY / "Dockerfile"])
    assert set(re.findall(r"runstream:(\d+\.[\w.]*)", text)) == {ours}
    tags = set(re.findall(r"newTag: (\S+)", text))
    assert tags == {ours}


def test_pages_that_alarms_name_exist() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text().lower()
    for anchor in re.findall(
        r"operations\.md#(\w+)", (DEPLOY / "prometheus" / "alerts.yaml").read_text()
    ):
        assert f"### {anchor}\n" in operations, anchor
