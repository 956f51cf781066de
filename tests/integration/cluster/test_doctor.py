"""What is wrong is said, with how to mend it."""

from __future__ import annotations

import json

from tests.servers.cluster import Cluster


def test_a_healthy_deployment(cluster: Cluster) -> None:
    code, output = cluster.command("doctor")
    assert code == 0, output
    assert "WRONG" not in output
    checks = ("kafka", "topics", "clickhouse", "schema", "s3")
    for check in (*checks, "clock of clickhouse", "clock of s3"):
        assert f"  {check}: " in output


def test_every_part_that_is_wrong_is_named(cluster: Cluster) -> None:
    code, output = cluster.command(
        *("doctor", "--json", "--kafka", "127.0.0.1:1", "--clickhouse", "http://127.0.0.1:1/db"),
        *("--s3-bucket", "not-there"),
    )
    assert code == 1
    findings = {one["check"]: one for one in json.loads(output)}
    assert not any(findings[check]["ok"] for check in ("kafka", "clickhouse", "s3"))
    assert all(findings[check]["mend"] for check in ("kafka", "clickhouse"))
    assert "there is no bucket 'not-there'" in findings["s3"]["found"]


def test_what_is_not_set_is_named(cluster: Cluster) -> None:
    code, output = cluster.command("doctor", "--kafka", "", "--s3-endpoint", "")
    assert code == 1
    assert "RUNSTREAM_KAFKA" in output
    assert "RUNSTREAM_S3_ENDPOINT" in output


def test_a_password_is_shown_nowhere(cluster: Cluster) -> None:
    address = cluster.clickhouse.url.replace("not-a-secret", "another-secret")
    code, output = cluster.command("doctor", "--clickhouse", f"{address}/runstream")
    assert code == 1
    assert "another-secret" not in output
