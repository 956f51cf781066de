"""A large artifact on S3: through the SDK beside the raw client, on the same server."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure
from tests.e2e.harness import ClusterServer, World, new_world
from tests.servers.cluster import Engines
from tests.servers.s3 import S3Server

SIZE_BYTES = 10**9
_ROUNDS = 3
_BLOCK = 1024 * 1024

# Arguments: the file. From the call to "accepted": stored, whole, logged.
SDK_UPLOAD = """
import json, sys, time
import runstream
with runstream.start_run() as run:
    runstream.log_metric("warm", 0.5)
    runstream.flush(level="accepted", timeout=60)
    start = time.perf_counter()
    runstream.log_artifact(sys.argv[1])
    called = time.perf_counter() - start
    runstream.flush(level="accepted", timeout=600)
    seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "called": called, "run": run.info.run_id}))
"""

SDK_DOWNLOAD = """
import json, sys, time
import runstream
runstream.MlflowClient().get_run(sys.argv[1])
start = time.perf_counter()
runstream.artifacts.download_artifacts(f"runs:/{sys.argv[1]}/big.bin", dst_path=sys.argv[2])
print(json.dumps({"seconds": time.perf_counter() - start}))
"""

# The client library alone, with parts of our size: they suit it better than its own.
RAW = """
import json, os, sys, time
from urllib.parse import urlsplit
from minio import Minio
path, target = sys.argv[1], sys.argv[2]
parts, bucket = urlsplit(os.environ["RUNSTREAM_S3_ENDPOINT"]), os.environ["RUNSTREAM_S3_BUCKET"]
client = Minio(endpoint=parts.netloc, access_key=os.environ["RUNSTREAM_S3_ACCESS_KEY"],
               secret_key=os.environ["RUNSTREAM_S3_SECRET_KEY"], secure=parts.scheme == "https",
               region="us-east-1")
start = time.perf_counter()
client.fput_object(bucket_name=bucket, object_name="raw", file_path=path, part_size=16 << 20,
                   num_parallel_uploads=4)
up = time.perf_counter() - start
start = time.perf_counter()
client.fget_object(bucket_name=bucket, object_name="raw", file_path=target)
down = time.perf_counter() - start
os.unlink(target)
client.remove_object(bucket_name=bucket, object_name="raw")
print(json.dumps({"up": up, "down": down}))
"""


@contextmanager
def world_on_s3() -> Iterator[tuple[World, S3Server, str]]:
    """A cluster, whose artifacts are on S3; the S3 server, and the address of the cluster.

    Every program in this world knows the bucket, as the raw client has to.
    """
    with tempfile.TemporaryDirectory(prefix="runstream-bench-") as folder:
        engines = Engines(Path(folder))
        try:
            engines.start()
            with new_world(engines=engines) as world:
                server = world.server()
                assert isinstance(server, ClusterServer)
                bucket = server.cluster.environment["RUNSTREAM_S3_BUCKET"]
                world.env.update(engines.s3.environment(bucket))
                yield world, engines.s3, server.uri
        finally:
            engines.close()


def measure(report: Callable[[Figure], None]) -> None:
    """The best of a few rounds, by turns."""
    took: dict[str, list[float]] = defaultdict(list)
    with world_on_s3() as (world, s3, uri):
        path, target = _file(world.folder / "big.bin"), world.folder / "down"
        for _ in range(_ROUNDS):
            raw = _run(world, RAW, uri, str(path), str(target))
            took["raw_up"].append(raw["up"])
            took["raw_down"].append(raw["down"])
            direct = _run(world, SDK_UPLOAD, uri, str(path), RUNSTREAM_SPOOL_ARTIFACT_MAX="1MiB")
            took["up"].append(direct["seconds"])
            took["down"].append(
                _run(world, SDK_DOWNLOAD, uri, direct["run"], str(target))["seconds"]
            )
            (target / "big.bin").unlink()
            target.rmdir()
            _empty(s3, world)
            took["spooled"].append(_run(world, SDK_UPLOAD, uri, str(path))["seconds"])
            _empty(s3, world)
    report(_figure("1 GB artifact, the call uploads it", took["up"], took["raw_up"], 0.8))
    report(_figure("1 GB artifact, through the spool", took["spooled"], took["raw_up"]))
    report(_figure("1 GB artifact, download", took["down"], took["raw_down"]))


def _figure(
    name: str, seconds: list[float], raw: list[float], share: float | None = None
) -> Figure:
    beside = SIZE_BYTES / min(raw) / 1e6
    budget = None if share is None else share * beside
    return Figure(
        name, SIZE_BYTES / min(seconds) / 1e6, "MB/s", budget, "higher", "raw S3 client", beside
    )


def _run(world: World, code: str, uri: str, *args: str, **extra: str) -> dict[str, Any]:
    text = world.run(code, *args, uri=uri, timeout=600, env=extra)
    answer: dict[str, Any] = json.loads(text.splitlines()[-1])
    print(f"   {args[-1]} {answer}", file=sys.stderr)
    return answer


def _file(path: Path) -> Path:
    """A file that no compression makes smaller."""
    with open(path, "wb") as file:
        while file.tell() < SIZE_BYTES:
            file.write(os.urandom(min(_BLOCK, SIZE_BYTES - file.tell())))
    return path


def _empty(s3: S3Server, world: World) -> None:
    bucket = world.env["RUNSTREAM_S3_BUCKET"]
    client = s3.client()
    for each in list(client.list_objects(bucket_name=bucket, recursive=True)):
        client.remove_object(bucket_name=bucket, object_name=each.object_name or "")
