"""What stands in deploy/, read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml

from runstream._variables import VARIABLES

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"

# The image that is built here.
OWN_IMAGE = "runstream"

Document = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML of Compose, whose overrides have a tag of their own."""


def _override(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node)


_Loader.add_constructor("!override", _override)


def documents(path: Path) -> list[Document]:
    """The documents of a YAML file."""
    return [one for one in yaml.load_all(path.read_text(), _Loader) if one]


def compose(name: str = "compose.yaml") -> Document:
    """A Compose file, its variables as they stand."""
    return documents(DEPLOY / name)[0]


def dashboard() -> dict[str, Any]:
    """Grafana's dashboard."""
    found: dict[str, Any] = json.loads((DEPLOY / "grafana" / "runstream.json").read_text())
    return found


def manifests() -> Iterator[tuple[Path, Document]]:
    """Every Kubernetes object, patches of overlays included."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            for document in documents(path):
                yield path, document


def whole_manifests() -> Iterator[tuple[Path, Document]]:
    """Those that are no patches, and whose kind Kubernetes itself has."""
    for path, document in manifests():
        is_patch = path.parent.parent.name == "overlays" and path.name in (
            "config.yaml",
            "gateway.yaml",
        )
        if not is_patch and not document["apiVersion"].startswith("keda.sh/"):
            yield path, document


class Container(NamedTuple):
    """One container of a pod."""

    where: str
    pod: Mapping[str, Any]
    spec: Mapping[str, Any]


def containers() -> Iterator[Container]:
    """All containers of Kubernetes objects, those that begin first as well."""
    for path, document in whole_manifests():
        pod = document.get("spec", {}).get("template", {}).get("spec")
        for spec in [*pod.get("initContainers", []), *pod["containers"]] if pod else []:
            where = f"{path.relative_to(ROOT)}: {spec['name']}"
            yield Container(where, pod, spec)


def runstream_commands() -> Iterator[tuple[str, list[str]]]:
    """Where a container runs our program, and its arguments."""
    for name, service in compose()["services"].items():
        if service["image"].startswith(f"{OWN_IMAGE}:"):
            yield f"compose.yaml: {name}", service["command"]
    for where, _, spec in containers():
        if spec["image"].partition(":")[0] == OWN_IMAGE and "command" not in spec:
            yield where, spec["args"]
        script = " ".join(spec.get("args", [])) if "command" in spec else ""
        for line in re.findall(r"runstream ([a-z][\w -]*)", script):
            yield where, line.split()


def command_tree() -> click.Group:
    """`runstream` with all that the installed distribution adds to it."""
    group = click.Group("runstream")
    for point in entry_points(group="runstream.commands"):
        group.add_command(point.load(), point.name)
    from runstream.cli.agent import agent

    group.add_command(agent)
    return group


def variables_of(command: click.Command) -> set[str]:
    """The environment variables that a command and those below it read."""
    names: set[str] = set()
    for parameter in command.params:
        given = parameter.envvar or ()
        names |= {given} if isinstance(given, str) else set(given)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        names |= variables_of(below)
    return names


def known_variables() -> set[str]:
    """All variables of Runstream: flags, the SDK's table, and what the SDK's code names."""
    names = variables_of(command_tree()) | {f"RUNSTREAM_{one.name}" for one in VARIABLES}
    for path in (ROOT / "sdk").rglob("*.py"):
        names |= set(re.findall(r'"(RUNSTREAM_[A-Z0-9_]+)"', path.read_text()))
    return names


def named_variables() -> dict[str, str]:
    """Every variable of Runstream that deploy/ names, and a file that does."""
    found = {}
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            for name in re.findall(r"\bRUNSTREAM_[A-Z0-9_]*[A-Z0-9]\b(?!…)", path.read_text()):
                found[name] = str(path.relative_to(ROOT))
    return found
