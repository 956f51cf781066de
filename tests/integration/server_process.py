"""`runstream server` as a process, and a client that speaks its protocol."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2 as ingest
from runstream.v1 import tracking_pb2 as tracking

PATIENCE_SECONDS = 60.0


@dataclass
class ServerProcess:
    """A server of one folder. Use `close` or `kill`."""

    folder: Path
    arguments: tuple[str, ...] = ("--port", "0")
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-W", "error", "-m", "runstream_server"),
                *("server", str(self.folder), *self.arguments),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def announced(self) -> dict[str, Any]:
        """server.json of this very process, once it is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                said: dict[str, Any] = json.loads((self.folder / "server.json").read_text())
            except (FileNotFoundError, ValueError):
                said = {}
            if said.get("pid") == self.process.pid:
                return said
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}: {self.output()}")
            time.sleep(0.02)
        raise RuntimeError("the server did not announce itself")

    def output(self) -> str:
        """All it printed; waits for its end."""
        return self.process.communicate(timeout=PATIENCE_SECONDS)[0]

    def close(self) -> tuple[int, str]:
        """SIGTERM; the exit status and all it printed."""
        self.process.send_signal(signal.SIGTERM)
        output = self.output()
        return self.process.returncode, output

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.output()


class Client:
    """Calls over one connection."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self.position = tracking.Position()

    def append(self, request: bytes, timeout: float = PATIENCE_SECONDS) -> ingest.AppendResponse:
        """One batch; its position is brought to the reads that follow."""
        answer = self._call("Ingest/Append", request, timeout)
        response = ingest.AppendResponse.FromString(answer)
        self.position = response.position
        return response

    def run(self, run_id: str) -> tracking.Run:
        request = tracking.GetRunRequest(run_id=run_id)
        answer = self._call("Query/GetRun", request.SerializeToString(), PATIENCE_SECONDS)
        return tracking.Run.FromString(answer)

    def steps(self, run_id: str, key: str) -> list[int]:
        """The steps of all points of a metric."""
        request = tracking.GetMetricHistoryRequest(run_id=run_id, key=key)
        answer = self._call("Query/GetMetricHistory", request.SerializeToString(), PATIENCE_SECONDS)
        history = tracking.MetricHistory.FromString(answer)
        return [int(step) for step in np.frombuffer(history.step, "<i8")]

    def close(self) -> None:
        self._channel.close()

    def _call(self, method: str, request: bytes, timeout: float) -> bytes:
        stub = self._channel.unary_unary(f"/runstream.v1.{method}", bytes, bytes)
        metadata: tuple[tuple[str, str | bytes], ...] = ()
        if self.position.offsets and method.startswith("Query"):
            metadata = (("runstream-position-bin", self.position.SerializeToString()),)
        answer: bytes = stub(request, timeout=timeout, metadata=metadata, wait_for_ready=True)
        return answer


def get_json(address: str, path: str) -> Any:
    """What HTTP answers there."""
    return json.loads(get_text(address, path))


def get_text(address: str, path: str) -> str:
    """What HTTP answers there."""
    with urllib.request.urlopen(address + path, timeout=PATIENCE_SECONDS) as answer:
        text: str = answer.read().decode()
    return text


def created(experiment: str = "x") -> pb.Event:
    return pb.Event(run_created=pb.RunCreated(experiment_name=experiment, start_time_ms=1))


def point(step: int) -> pb.Event:
    metrics = pb.Metrics(
        series=[pb.Series(key="loss")],
        key_index=np.array([0], "<u4").tobytes(),
        step=np.array([step], "<i8").tobytes(),
        timestamp=np.array([1_700_000_000_000 + step], "<i8").tobytes(),
        value=np.array([step / 7], "<f8").tobytes(),
    )
    return pb.Event(metrics=metrics)


def batch(run_id: str, seq: int, *events: pb.Event, producer: bytes = b"p" * 16) -> bytes:
    request = pb.AppendRequest(
        stream_id=run_id, producer_id=producer, seq=seq, attempt_start_ms=1, events=events
    )
    return request.SerializeToString()


def new_run_id() -> str:
    return os.urandom(16).hex()
