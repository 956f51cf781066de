"""Tokens, TLS and limits through whole processes; no secret where it does not belong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import PATIENCE_SECONDS, World, eventually, history, new_world
from tests.servers.certificates import Authority

RUNSTREAM = str(Path(sys.executable).with_name("runstream"))

LOG = """
import sys
import runstream
with runstream.start_run() as run:
    for i in range(int(sys.argv[1])):
        runstream.log_metric("loss", i * 0.5, step=i)
print(run.info.run_id)
"""
READ = """
import sys
import runstream
try:
    print(runstream.MlflowClient().get_run(sys.argv[1]).info.status)
except runstream.exceptions.MlflowException as error:
    print(error.error_code)
"""
FLUSH = """
import runstream
runstream.start_run()
runstream.log_metric("x", 1)
try:
    runstream.flush(timeout=60)
    print("flushed")
except runstream.exceptions.MlflowException as error:
    print(error.error_code, str(error))
"""


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as new:
        new.env["RUNSTREAM_AGENT_IDLE_SECONDS"] = "60"  # it is asked what it knows
        yield new


def command(
    world: World, *arguments: str, uri: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """`runstream …`."""
    return subprocess.run(
        [RUNSTREAM, *arguments],
        env=world.environment(uri, **env),
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def new_token(world: World, name: str = "ana") -> str:
    done = command(world, "tokens", "create", name, "--tokens-file", "tokens.json")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def status(world: World, uri: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(command(world, "agent", "status", "--json", uri=uri).stdout)
    return said


def steps(world: World, uri: str, run_id: str) -> list[int]:
    return [int(step) for step, _, _ in history(world, uri, run_id)]


@pytest.mark.parametrize("door", ["http", "grpc"])
def test_a_token_that_is_renewed(world: World, door: str) -> None:
    first = new_token(world)
    server = world.server("data", "--tokens-file", str(world.folder / "tokens.json"))
    uri = server.uri if door == "http" else f"grpc://127.0.0.1:{server.grpc_port}"
    run_id = world.run(LOG, "10", uri=uri, RUNSTREAM_TOKEN=first).strip()
    assert steps(world, uri, run_id) == list(range(10))  # the agent knows the token

    assert command(world, "tokens", "revoke", "ana", "--tokens-file", "tokens.json").returncode == 0
    assert world.run(READ, run_id, uri=uri) == "UNAUTHENTICATED\n"
    late = world.run(LOG, "20000", uri=uri).strip()  # training does not notice
    assert world.run(FLUSH, uri=uri).startswith("UNAUTHENTICATED ")
    said = status(world, uri)
    (there,) = said["destinations"]
    assert there["denied"]
    assert not there["connected"]
    assert "RUNSTREAM_TOKEN" in there["last_error"]
    assert sum(p["cells_spooled"] - p["cells_accepted"] for p in said["processes"]) >= 20_000
    warnings = _agent_log(world).count("does not let us in")
    assert warnings == 1, _agent_log(world)

    second = new_token(world)
    assert world.run(READ, run_id, uri=uri, MLFLOW_TRACKING_TOKEN=second) == "FINISHED\n"
    assert steps(world, uri, late) == list(range(20_000))
    assert not status(world, uri)["destinations"][0]["denied"]


def test_the_program_is_warned_once(world: World) -> None:
    new_token(world)
    server = world.server("data", "--tokens-file", str(world.folder / "tokens.json"))
    code = (
        "import runstream, time, os, glob\n"
        "runstream.start_run()\n"
        "pattern = os.environ['RUNSTREAM_SPOOL_DIR'] + '/*/*/access/*.denied'\n"
        "while not glob.glob(pattern): runstream.log_metric('x', 1); time.sleep(0.01)\n"
        "end = time.time() + 3\n"
        "while time.time() < end: runstream.log_metric('x', 1); time.sleep(0.01)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        env=world.environment(server.uri, RUNSTREAM_TOKEN="wrong"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    assert done.stderr.count("does not let us in") == 1, done.stderr


def test_the_logins_of_mlflow(world: World) -> None:
    token = new_token(world)
    made = subprocess.run(
        [
            *(RUNSTREAM, "tokens", "create", "bob"),
            *("--password", "--tokens-file", "tokens.json"),
        ],
        cwd=world.folder,
        env=world.env,
        input="correct horse\n",
        text=True,
        check=True,
    )
    assert made.returncode == 0
    server = world.server("data", "--tokens-file", str(world.folder / "tokens.json"))
    logins: list[tuple[str, dict[str, str]]] = [
        (
            server.uri,
            {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": "correct horse"},
        ),
        (server.uri, {"MLFLOW_TRACKING_USERNAME": "any", "MLFLOW_TRACKING_PASSWORD": token}),
        (server.uri.replace("//", "//bob:correct%20horse@"), {}),
    ]
    for number, (uri, env) in enumerate(logins):
        # A spool each: what one login leaves there is no help to the next.
        spool = {"RUNSTREAM_SPOOL_DIR": str(world.spool / str(number))}
        run_id = world.run(LOG, "5", uri=uri, env={**env, **spool}).strip()
        assert world.run(READ, run_id, uri=uri, env={**env, **spool}) == "FINISHED\n"
        _end_agents(world, Path(spool["RUNSTREAM_SPOOL_DIR"]))


def _end_agents(world: World, spool: Path) -> None:
    before, world.spool = world.spool, spool
    try:
        for pid in world.agents():
            _kill(pid)
    finally:
        world.spool = before


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_health_is_open_and_the_rest_is_not(world: World) -> None:
    token = new_token(world)
    server = world.server("data", "--tokens-file", str(world.folder / "tokens.json"))
    for path, open_ in [
        ("/health", True),
        ("/version", True),
        ("/.well-known/runstream", True),
        ("/metrics", False),
        ("/anything", False),
    ]:
        assert (_status(server.uri + path) != 401) == open_, path
    assert _status(server.uri + "/metrics", f"Bearer {token}") == 200


def _status(url: str, authorization: str = "") -> int:
    headers = {"Authorization": authorization} if authorization else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("transport", ["auto", "http"])
def test_tls_with_a_client_certificate(world: World, transport: str) -> None:
    ours, other = Authority(world.folder / "ca"), Authority(world.folder / "other")
    own = ours.sign("server", "127.0.0.1")
    client = ours.sign("client")
    flags = ("--tls-cert", str(own.cert), "--tls-key", str(own.key))
    server = world.server("data", *flags)
    env = {"RUNSTREAM_TRANSPORT": transport}
    trust = {**env, "RUNSTREAM_TLS_CA": str(ours.cert)}
    run_id = world.run(LOG, "100", uri=server.uri, env=trust).strip()
    assert steps(world, server.uri, run_id) == list(range(100))
    (there,) = status(world, server.uri)["destinations"]
    assert there["transport"] == ("http" if transport == "http" else "grpc")

    # Whom another CA vouches for is not believed.
    alien = {
        **env,
        "RUNSTREAM_TLS_CA": str(other.cert),
        "RUNSTREAM_SPOOL_DIR": str(world.spool / "b"),
    }
    alien["RUNSTREAM_READ_TIMEOUT"] = "3"
    assert world.run(READ, run_id, uri=server.uri, env=alien) == "TEMPORARILY_UNAVAILABLE\n"
    insecure = {**alien, "MLFLOW_TRACKING_INSECURE_TLS": "true"}
    assert world.run(READ, run_id, uri=server.uri, env=insecure) == "FINISHED\n"
    _end_agents(world, world.spool / "b")

    # With a CA for clients: only those who bring a certificate come in.
    server.close()
    server.flags = (*flags, "--tls-client-ca", str(ours.cert))
    server.start(watched=False)
    eventually((server.folder / "server.json").exists)
    bare = {**trust, "RUNSTREAM_SPOOL_DIR": str(world.spool / "c"), "RUNSTREAM_READ_TIMEOUT": "3"}
    assert world.run(READ, run_id, uri=server.uri, env=bare) == "TEMPORARILY_UNAVAILABLE\n"
    known = {**bare, "RUNSTREAM_TLS_CLIENT_CERT": str(client.both), "RUNSTREAM_READ_TIMEOUT": "60"}
    assert world.run(READ, run_id, uri=server.uri, env=known) == "FINISHED\n"
    _end_agents(world, world.spool / "c")


def test_limits_hold_and_let_go(world: World) -> None:
    server = world.server(
        "data", "--limit-run-keys", "3", "--limit-run-artifact-bytes", "1000",
        "--limit-run-points-per-second", "20000",
    )  # fmt: skip
    uri = server.uri
    # A rate passes by itself.
    run_id = world.run(LOG, "150000", uri=uri).strip()
    assert steps(world, uri, run_id) == list(range(150_000))
    code = """
import runstream
with runstream.start_run() as run:
    for i in range(3): runstream.log_metric(f"k{i}", i)
    runstream.flush()
    runstream.log_text("y" * 5000, "big.txt")
    for i in range(5): runstream.log_metric(f"k{i}", 10 + i, step=1)
print(run.info.run_id)
"""
    held = world.run(code, uri=uri).strip()
    said = eventually(
        lambda: next((p["held"] for p in status(world, uri)["processes"] if p["held"]), "")
    )
    assert "RUNSTREAM_LIMIT_RUN_KEYS=3" in said or "RUNSTREAM_LIMIT_RUN_ARTIFACT_BYTES" in said
    # Reads here say why they cannot show all that was written; other machines go on.
    refused = command(world, "runs", "describe", held, uri=uri, RUNSTREAM_READ_TIMEOUT="2")
    assert "RUNSTREAM_LIMIT_RUN_" in refused.stderr, refused
    elsewhere = {"RUNSTREAM_SPOOL_DIR": str(world.spool / "elsewhere")}
    other = world.run(LOG, "100", uri=uri, env=elsewhere).strip()
    assert world.run(READ, other, uri=uri, env=elsewhere) == "FINISHED\n"
    _end_agents(world, world.spool / "elsewhere")
    server.close()
    server.flags = ()
    server.start()
    drained = command(world, "agent", "drain", uri=uri)
    assert drained.returncode == 0, drained.stdout + drained.stderr
    assert [len(steps_of(world, uri, held, f"k{i}")) for i in range(5)] == [2, 2, 2, 1, 1]
    verified = command(world, "runs", "verify", held, uri=uri)
    assert verified.returncode == 0, verified.stdout


def steps_of(world: World, uri: str, run_id: str, key: str) -> list[int]:
    return [int(step) for step, _, _ in history(world, uri, run_id, key)]


def _agent_log(world: World) -> str:
    return "".join(path.read_text() for path in world.spool.glob("*/*/agent.log"))
