"""Whole flows with known secrets: none may show anywhere but where it has to be."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import PATIENCE_SECONDS, World, eventually, new_world
from tests.servers.forward_proxy import ForwardProxy

RUNSTREAM = str(Path(sys.executable).with_name("runstream"))
NAME = "tracking.test"
PROXY_WORD = "proxy-word-5512"
WRONG = "wrong-token-8817"
USER_WORD = "user-word-3341"
ADDRESS_WORD = "address-word-7730"

# What users do, with everything that may be shown on the way.
FLOW = """
import logging, os, sys, traceback
logging.basicConfig(level=logging.DEBUG)
import runstream
from runstream import _access, _process
uri = runstream.get_tracking_uri()
print(uri, repr(_access.access_to(uri)))
try:
    with runstream.start_run() as run:
        print(run, run.info, os.environ.get("RUNSTREAM_INHERITED_RUN"))
        for i in range(100):
            runstream.log_metric("loss", i, step=i)
        runstream.log_text("text", "a.txt")
    runstream.flush(timeout=20)
    print(runstream.get_run(run.info.run_id))
    print(runstream.search_runs(output_format="list"))
except Exception:
    traceback.print_exc()
for bad in ("http://u:WORD@", "https://u:WORD@host:99999", "postgres://u:WORD@h/d",
            "grpc://u:WORD@host", "https://u:WORD@host/?q"):
    try:
        runstream.set_tracking_uri(bad)
    except Exception as error:
        print(repr(error))
""".replace("WORD", ADDRESS_WORD)


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as new:
        new.env["RUNSTREAM_AGENT_IDLE_SECONDS"] = "60"
        new.env["RUNSTREAM_READ_TIMEOUT"] = "5"
        yield new


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    made = ForwardProxy({NAME: "127.0.0.1"}, "px", PROXY_WORD, connect=True)
    yield made
    made.close()


def run(world: World, *arguments: str, uri: str = "", given: str = "", **env: str) -> str:
    """All that a command printed."""
    done = subprocess.run(
        arguments,
        env=world.environment(uri, **env),
        cwd=world.folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.stdout + done.stderr


def test_no_secret_is_shown(world: World, proxy: ForwardProxy) -> None:
    tokens = str(world.folder / "tokens.json")
    made = json.loads(
        run(world, RUNSTREAM, "tokens", "create", "ana", "--json", "--tokens-file", tokens)
    )
    shown = [
        run(
            world, *(RUNSTREAM, "tokens", "create", "bob", "--password", "--tokens-file", tokens),
            given=f"{USER_WORD}\n",
        ),
        run(world, RUNSTREAM, "tokens", "list", "--tokens-file", tokens),
        Path(tokens).read_text(),
    ]  # fmt: skip
    token: str = made["token"]
    server = world.server("data", "--tokens-file", tokens, "--log-level", "debug")
    through = {"HTTP_PROXY": f"http://px:{PROXY_WORD}@127.0.0.1:{proxy.port}"}
    near, far = server.uri, f"http://{NAME}:{server.port}"
    logins: list[tuple[str, dict[str, str]]] = [
        (near, {"RUNSTREAM_TOKEN": token}),
        (near, {"RUNSTREAM_TOKEN": WRONG}),
        (near, {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": USER_WORD}),
        (near.replace("//", f"//bob:{ADDRESS_WORD}@"), {}),
        (f"grpc://127.0.0.1:{server.grpc_port}", {"RUNSTREAM_TOKEN": token}),
        (far, {"RUNSTREAM_TOKEN": token}),
        (far, {"RUNSTREAM_TOKEN": token, "RUNSTREAM_TRANSPORT": "http"}),
    ]
    for uri, env in logins:
        both = {**through, **env}
        shown.append(run(world, sys.executable, "-W", "default", "-c", FLOW, uri=uri, **both))
        for words in (("agent", "status", "--json"), ("agent", "status"), ("runs", "search")):
            shown.append(run(world, RUNSTREAM, *words, uri=uri, **both))
    assert any("FINISHED" in text for text in shown)
    assert any(NAME in asked for asked in proxy.asked)
    server.close()
    for root in (world.folder, world.spool):
        shown += [_text(path) for path in root.rglob("*") if _is_readable(path)]
    secrets = [token, token.rpartition("_")[2], WRONG, USER_WORD, ADDRESS_WORD, PROXY_WORD]
    for text in shown:
        for secret in secrets:
            assert secret not in text, text[max(0, text.find(secret) - 300) :][:600]


@pytest.mark.parametrize("closed", [True, False])
def test_no_secret_of_a_proxy_that_lets_nobody_through(world: World, closed: bool) -> None:
    proxy = ForwardProxy({NAME: "127.0.0.1"}, "px", "another", connect=True)
    if closed:
        proxy.close()
    word = f"http://px:{PROXY_WORD}@127.0.0.1:{proxy.port}"
    env = {"HTTP_PROXY": word, "HTTPS_PROXY": word, "RUNSTREAM_TOKEN": WRONG}
    for uri in (f"http://{NAME}:5", f"https://{NAME}:5", f"grpc://{NAME}:5", f"grpcs://{NAME}:5"):
        code = (
            "import runstream, traceback\n"
            "runstream.start_run()\n"
            "runstream.log_metric('x', 1)\n"
            "try: runstream.flush(timeout=3)\n"
            "except Exception: traceback.print_exc()\n"
        )
        printed = run(world, sys.executable, "-c", code, uri=uri, **env)
        printed += run(world, RUNSTREAM, "agent", "status", "--json", uri=uri, **env)
        logs = [path.read_text() for path in world.spool.glob("*/*/agent.log")]
        for text in (printed, *logs):
            assert PROXY_WORD not in text
            assert WRONG not in text
    proxy.close()


def _is_readable(path: Path) -> bool:
    return path.is_file() and path.parent.name != "access"


def _text(path: Path) -> str:
    return f"{path}\n{path.read_bytes().decode('latin-1')}"


def test_what_is_kept_is_for_its_user_alone(world: World) -> None:
    server = world.server()
    run(world, sys.executable, "-c", FLOW, uri=server.uri, RUNSTREAM_TOKEN=WRONG)
    (kept,) = world.spool.glob("*/*/access/*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert WRONG in kept.read_text()


@pytest.mark.parametrize("connect", [True, False])
def test_a_company_proxy_is_obeyed(world: World, connect: bool) -> None:
    """gRPC goes by CONNECT; where that is forbidden, HTTP goes through as requests."""
    world.env["RUNSTREAM_READ_TIMEOUT"] = "60"
    proxy = ForwardProxy({NAME: "127.0.0.1"}, "px", PROXY_WORD, connect=connect)
    try:
        server = world.server()
        uri = f"http://{NAME}:{server.port}"
        env = {"http_proxy": f"http://px:{PROXY_WORD}@127.0.0.1:{proxy.port}"}
        world.env.update(env)
        printed = run(world, sys.executable, "-c", FLOW, uri=uri)
        assert "Traceback" not in printed, printed
        said = eventually(
            lambda: json.loads(run(world, RUNSTREAM, "agent", "status", "--json", uri=uri))
        )
        (there,) = [to for to in said["destinations"] if to["tracking_uri"] == uri]
        assert there["connected"]
        assert there["transport"] == ("grpc" if connect else "http")
        grpc = [asked for asked in proxy.asked if asked == f"CONNECT {NAME}:{server.grpc_port}"]
        assert grpc
        # The proxy hears the first request of each connection that is kept.
        posted = [asked for asked in proxy.asked if asked.startswith(f"POST {uri}/runstream/v1/")]
        assert posted or connect
    finally:
        proxy.close()
