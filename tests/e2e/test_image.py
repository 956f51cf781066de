"""What the image is made of, without Docker: its wheel in a clean environment, read-only.

The steps are those of deploy/Dockerfile, which this test reads them from.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from importlib.metadata import requires
from pathlib import Path

import pytest

from tests.e2e.harness import PATIENCE_SECONDS, eventually, free_port
from tests.servers.required import cannot_be_had
from tests.unit.deploy.files import DEPLOY, ROOT, runstream_commands

STEPS = re.findall(r"^RUN ((?:.*\\\n)*.*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
#: Of the environment that installs packages, nothing else comes in.
KEPT = ("PATH", "HOME", "LANG", "PIP_", "SSL_", "http", "HTTP", "no_proxy", "NO_PROXY")


def clean_environment(folder: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return {**env, "PATH": f"{folder}/opt/runstream/bin:{env['PATH']}"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for the image's root."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder / "source")], check=True
    )
    env = clean_environment(folder)
    for written in STEPS[:3]:
        step = written.replace("/wheels", f"{folder}/wheels").replace(
            "/opt/runstream", f"{folder}/opt/runstream"
        )
        step = re.sub(r"^python ", f"{sys.executable} ", step)
        done = subprocess.run(
            ["bash", "-c", step],
            cwd=folder / "source",
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and _offline(done.stderr):
            cannot_be_had(f"no package index can be reached: {done.stderr[-2000:]}")
        assert done.returncode == 0, done.stderr
    return folder


def _offline(errors: str) -> bool:
    return "Could not find a version" in errors or "NewConnectionError" in errors


def runstream(image: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(image / "opt/runstream/bin/runstream"), *arguments],
        env=clean_environment(image),
        cwd=image,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def test_the_dockerfile_has_the_steps_that_are_taken_here() -> None:
    kinds = [re.sub(r"^\S+/python", "python", step).split()[:4] for step in STEPS]
    assert [kind[:3] for kind in kinds[:3]] == [
        ["python", "-m", "pip"],
        ["python", "-m", "venv"],
        ["python", "-m", "pip"],
    ]
    # The rest compiles, and makes the user: nothing that the programs could miss.
    assert [kind[2] for kind in kinds[3:]] == ["compileall", "10001"]


def test_no_development_tool_is_needed(image: Path) -> None:
    text = subprocess.run(
        [str(image / "opt/runstream/bin/python"), "-m", "pip", "list", "--format", "json"],
        env=clean_environment(image),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {package["name"].lower() for package in json.loads(text)}
    assert "runstream" in names
    # Both come with the engine.
    assert names & development_packages() == {"pandas", "pyarrow"}


def development_packages() -> set[str]:
    """What only developing needs; the extra `dev` names all of `server` as well."""
    wanted: dict[str, set[str]] = {"dev": set(), "server": set()}
    for line in requires("runstream") or []:
        name = re.split(r"[^\w.\-]", line)[0].lower()
        for extra, names in wanted.items():
            if f"extra == '{extra}'" in line.replace('"', "'"):
                names.add(name)
    return wanted["dev"] - wanted["server"] - {"runstream"}


def test_every_command_describes_itself(image: Path) -> None:
    assert "Usage: runstream" in runstream(image, "--help")
    listed = runstream(image, "--help")
    tried = 0
    for _, arguments in [("", ["server"]), ("", ["backup"]), *runstream_commands()]:
        words = [word for word in arguments if re.fullmatch(r"[a-z]+", word)]
        if re.search(rf"^\s+{words[0]}\b", listed, re.MULTILINE):
            assert "Usage: runstream" in runstream(image, *words, "--help")
            tried += 1
    assert tried >= 3


def unshare_works() -> bool:
    trial = ["unshare", "--user", "--map-root-user", "--mount", "true"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


# Makes all but /tmp (as in the image) and one folder read-only, then becomes the command.
READ_ONLY = """
set -e
mount --bind /tmp /tmp
mount --bind "$1" "$1"
for target in $(findmnt -rno TARGET | sort); do
  case "$target" in
    "$1"*|/tmp*|/proc*|/sys*|/dev*) ;;
    *) mount -o remount,bind,ro "$target" ;;
  esac
done
if touch /usr/written /var/written 2>/dev/null; then exit 9; fi
shift
exec "$@"
"""


@pytest.mark.skipif(not unshare_works(), reason="no user namespaces here: nothing can be mounted")
def test_a_server_starts_on_a_read_only_root(image: Path) -> None:
    data, port = image / "data", free_port()
    data.mkdir()
    env = {**clean_environment(image), "RUNSTREAM_PORT": str(port), "RUNSTREAM_GRPC_PORT": "0"}
    program = str(image / "opt/runstream/bin/runstream")
    inside = ["bash", "-c", READ_ONLY, "sh", str(data), program, "server", str(data)]
    log = image / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", *inside],
            env=env,
            stdout=output,
            stderr=output,
        )
    try:

        def healthy() -> bool:
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        eventually(healthy)
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
