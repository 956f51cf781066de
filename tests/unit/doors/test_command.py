"""`runstream tokens`, and the flags of doors and limits."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from runstream_server.doors.command import group
from runstream_server.doors.options import Policy, policy_options
from runstream_server.doors.settings import DoorSettings
from runstream_server.quota import Limits


def run(*arguments: str, given: str = "", **env: str) -> tuple[int, str]:
    result = CliRunner().invoke(group, arguments, input=given, env=env)
    return result.exit_code, result.output


def test_create_list_revoke(tmp_path: Path) -> None:
    env = {"RUNSTREAM_TOKENS_FILE": str(tmp_path / "t.json")}
    code, output = run("create", "ci", "--json", "--expires-days", "3", **env)
    made = json.loads(output)
    assert (code, made["name"]) == (0, "ci")
    assert run("create", "ana", "--password", given="long enough\n", **env)[0] == 0
    listed = json.loads(run("list", "--json", **env)[1])
    assert [(e["name"], e["kind"]) for e in listed] == [("ci", "token"), ("ana", "password")]
    for line in (run("list", **env)[1], json.dumps(listed)):
        assert made["token"] not in line
    assert run("revoke", made["id"], **env)[0] == 0
    assert run("revoke", "ana", **env)[0] == 0
    assert json.loads(run("list", "--json", **env)[1]) == []


def test_what_is_refused(tmp_path: Path) -> None:
    env = {"RUNSTREAM_TOKENS_FILE": str(tmp_path / "t.json")}
    assert run("list", **env)[0] == 1
    assert run("create", "ana", "--password", given="short\n", **env)[0] == 1
    assert run("create", "ana", "--password", given="long enough\n", **env)[0] == 0
    code, output = run("create", "ana", "--password", given="long enough\n", **env)
    assert (code, "revoke it first" in output) == (1, True)
    assert run("revoke", "nobody", **env)[0] == 1
    assert run("create", "x")[0] == 2


def test_flags_become_a_policy(tmp_path: Path) -> None:
    seen: list[Policy] = []

    def by_name(policy: Policy) -> None:
        seen.append(policy)

    command = click.command()(policy_options(by_name))
    CliRunner().invoke(command, [], catch_exceptions=False)
    CliRunner().invoke(
        command,
        ["--tokens-file", "t", "--limit-run-keys", "7"],
        env={"RUNSTREAM_INSECURE": "1", "RUNSTREAM_LIMIT_RUN_SOURCES": "9"},
        catch_exceptions=False,
    )
    assert seen == [
        Policy(),
        Policy(
            DoorSettings(tokens_file=Path("t"), insecure=True), Limits(run_keys=7, run_sources=9)
        ),
    ]


@pytest.mark.parametrize("value", ["-1", "many"])
def test_bad_limits_are_usage_errors(value: str) -> None:
    command = click.command()(policy_options(lambda policy: None))
    assert CliRunner().invoke(command, ["--limit-run-keys", value]).exit_code == 2
