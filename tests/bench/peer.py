"""MLflow beside us: its own virtual environment, its stock server on sqlite."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.harness import free_port

VERSION = "3.17.2"
NAME = f"MLflow {VERSION}"
VENV = Path(__file__).resolve().parents[2] / "build" / "mlflow-venv"
PYTHON = VENV / "bin" / "python"


def install() -> None:
    """Create the environment once; about a minute."""
    stamp = VENV / f"installed-{VERSION}"
    if stamp.exists():
        return
    print(f"installing {NAME} into {VENV} …", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", f"mlflow=={VERSION}"], check=True)
    stamp.touch()


def environment(folder: Path, uri: str = "") -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "RUNSTREAM_"))}
    env.update(
        HOME=str(folder),
        MLFLOW_DISABLE_TELEMETRY="true",
        MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
        GIT_PYTHON_REFRESH="quiet",
    )
    if uri:
        env["MLFLOW_TRACKING_URI"] = uri
    return env


@contextlib.contextmanager
def server() -> Iterator[tuple[str, dict[str, str]]]:
    """A stock server, one worker; its address and the client's environment."""
    install()
    with tempfile.TemporaryDirectory(prefix="mlflow-bench-") as name:
        folder = Path(name)
        port = free_port()
        uri = f"http://127.0.0.1:{port}"
        command = [str(PYTHON), "-m", "mlflow", "server", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        command += ["--artifacts-destination", str(folder / "artifacts")]
        with open(folder / "server.log", "ab") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(folder),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            _wait_ready(uri, process)
            yield uri, environment(folder, uri)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_ready(uri: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the MLflow server ended with {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=2):
            return
        time.sleep(0.2)
    raise RuntimeError("the MLflow server did not answer within 120 s")


def run(code: str, env: dict[str, str]) -> dict[str, float]:
    """Run code under MLflow's interpreter; it prints one JSON object last."""
    done = subprocess.run(
        [str(PYTHON), "-c", code],
        env=env,
        cwd=env["HOME"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


CLIENT = """
import json, time, statistics
import mlflow
from mlflow.entities import Metric
clock = time.perf_counter
out = {}
def timed(n, call):
    took = []
    for i in range(n):
        t = clock(); call(i); took.append(clock() - t)
    return took
def short():
    with mlflow.start_run():
        mlflow.log_param("a", 1); mlflow.log_metric("m", 1.0)
short()
out["short_run_ms"] = statistics.median(timed(10, lambda i: short())) * 1e3
with mlflow.start_run() as run:
    sync = timed(100, lambda i: mlflow.log_metric("loss", 0.5, step=i))
    out["log_metric_sync_us"] = statistics.median(sync) * 1e6
    out["log_metric_points_per_second"] = 100 / sum(sync)
    out["log_metrics_50_us"] = statistics.median(timed(20, lambda i: mlflow.log_metrics(
        {f"m{k}": 0.5 for k in range(50)}, step=i))) * 1e6
    client = mlflow.MlflowClient()
    def batch(i):
        now = int(time.time() * 1000)
        metrics = [Metric("b", 0.5, now, i * 1000 + k) for k in range(1000)]
        client.log_batch(run.info.run_id, metrics)
    took = timed(10, batch)
    out["batch_points_per_second"] = 10_000 / sum(took)
    asynchronous = timed(300, lambda i: mlflow.log_metric("a", 0.5, step=i, synchronous=False))
    out["log_metric_async_us"] = statistics.median(asynchronous) * 1e6
    mlflow.flush_async_logging()
print(json.dumps(out))
"""

IMPORT = """
import json, time
t = time.perf_counter(); import mlflow
print(json.dumps({"import_ms": (time.perf_counter() - t) * 1e3}))
"""
