"""Kubernetes objects as they stand; tests/integration/deploy has what kustomize makes of them."""

from __future__ import annotations

from collections import Counter

import kubernetes_validate
import pytest

from tests.unit.deploy.files import Container, containers, manifests, whole_manifests

#: The oldest that the native sidecars of the recipe are stable in is 1.33.
VERSIONS = ("1.33", "1.37")
ROLES = ("ingest", "materialize", "query", "gateway")
CONTAINERS = list(containers())
OURS = [one for one in CONTAINERS if one.spec["name"] != "train"]
by_place = pytest.mark.parametrize("one", OURS, ids=lambda one: one.where)


@pytest.mark.parametrize("kubernetes", VERSIONS)
def test_every_object_is_valid(kubernetes: str) -> None:
    count = 0
    for path, document in whole_manifests():
        try:
            kubernetes_validate.validate(document, kubernetes, strict=True)
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{path.name}: {document['kind']}: {error.message}")
        count += 1
    assert count >= 25


@by_place
def test_containers_can_change_nothing(one: Container) -> None:
    security = one.spec["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    # One makes a folder of the node, which belongs to root.
    as_root = one.spec["name"] == "folder"
    user = security.get("runAsUser", one.pod.get("securityContext", {}).get("runAsUser"))
    assert (user == 0) == as_root
    assert one.pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


@by_place
def test_containers_are_bounded(one: Container) -> None:
    if one.spec["name"] != "folder":
        assert one.spec["resources"]["limits"]["memory"]
        assert one.spec["resources"]["requests"]["cpu"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_probed_and_has_time_to_end(role: str) -> None:
    [one] = [one for one in OURS if one.spec["name"] == role]
    assert one.spec["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    assert one.spec["livenessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert one.pod["terminationGracePeriodSeconds"] >= 45
    assert one.pod["enableServiceLinks"] is False
    assert one.pod["automountServiceAccountToken"] is False
    assert one.pod["serviceAccountName"] == f"runstream-{role}"


def test_every_role_has_what_belongs_to_it() -> None:
    kinds = Counter(
        (document["kind"], document["metadata"]["name"])
        for path, document in manifests()
        if path.parent.name in ("base", "keda")
    )
    for role in ROLES:
        name = f"runstream-{role}"
        scaler = "ScaledObject" if role == "materialize" else "HorizontalPodAutoscaler"
        for kind in ("Deployment", "PodDisruptionBudget", "ServiceAccount", scaler):
            assert kinds[kind, name] == 1, (kind, name)
        assert kinds["Service", name] == (role != "materialize")
    assert kinds["Job", "runstream-migrate"] == 1
    assert max(kinds.values()) == 1


def test_the_log_is_archived_by_one_process() -> None:
    [deployment] = [
        document
        for path, document in manifests()
        if path.parent.name == "base" and document["metadata"]["name"] == "runstream-archive"
        if document["kind"] == "Deployment"
    ]
    spec = deployment["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")
    pod = spec["template"]["spec"]
    assert pod["serviceAccountName"] == "runstream-archive"
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False


def test_no_secret_stands_in_the_base() -> None:
    kinds = {
        document["kind"] for path, document in manifests() if path.name != "secret.example.yaml"
    }
    assert "Secret" not in kinds
