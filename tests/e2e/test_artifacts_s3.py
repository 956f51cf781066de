"""Artifacts on a real S3 server, from the call to the download, while parts of it are killed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.harness import ClusterServer, World, eventually, new_world
from tests.servers.cluster import Engines
from tests.servers.s3 import S3Server
from tests.servers.tcp_proxy import TcpProxy

MIB = 1024 * 1024


@dataclass
class Site:
    """A cluster over a bucket of its own; tickets lead through a proxy."""

    world: World
    server: ClusterServer
    s3: S3Server
    proxy: TcpProxy

    @property
    def uri(self) -> str:
        return self.server.uri

    def file(self, size_mib: int, name: str = "big.bin") -> tuple[Path, str]:
        """A file of random bytes, and its SHA-256."""
        path, digest = self.world.folder / name, hashlib.sha256()
        with open(path, "wb") as file:
            for _ in range(size_mib):
                chunk = os.urandom(MIB)
                digest.update(chunk)
                file.write(chunk)
        return path, digest.hexdigest()

    def objects(self) -> list[str]:
        found = self.s3.client().list_objects(
            bucket_name=self.server.cluster.environment["RUNSTREAM_S3_BUCKET"], recursive=True
        )
        return [each.object_name or "" for each in found]

    def kill_agents(self) -> None:
        for pid in self.world.agents():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def site(own_s3: S3Server, engines: Engines) -> Iterator[Site]:
    """On an S3 server of the test alone, which it may kill."""
    proxy = TcpProxy(own_s3.port)
    own_s3.public_endpoint = proxy.endpoint
    with (
        contextlib.closing(proxy),
        new_world(engines=engines.with_s3(own_s3)) as world,
    ):
        server = world.server()
        assert isinstance(server, ClusterServer)
        yield Site(world, server, own_s3, proxy)


LOG = """
import runstream, sys
with runstream.start_run() as run:
    runstream.log_metric("before", 1.0)
    runstream.log_artifact(sys.argv[1], "models")
if len(sys.argv) > 2:
    runstream.flush(level="accepted", timeout=float(sys.argv[2]))
print(run.info.run_id)
"""

FETCH = """
import hashlib, runstream, sys
uri, target = f"runs:/{sys.argv[1]}/{sys.argv[2]}", sys.argv[3]
local = runstream.artifacts.download_artifacts(uri, dst_path=target)
digest = hashlib.sha256()
with open(local, "rb") as file:
    while chunk := file.read(1 << 20):
        digest.update(chunk)
print(digest.hexdigest())
"""


def fetched(site: Site, run_id: str, path: str = "models/big.bin") -> str:
    """The SHA-256 of what a fresh process downloads."""
    out = site.world.folder / f"out-{os.urandom(4).hex()}"
    return site.world.run(FETCH, run_id, path, str(out), uri=site.uri, timeout=180).strip()


def in_a_moment(when: int, site: Site, action: Callable[[], None]) -> threading.Thread:
    """Do something once so many bytes have gone up."""

    def wait() -> None:
        eventually(lambda: site.proxy.bytes_up > when)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_bytes_travel_beside_the_server(site: Site) -> None:
    path, digest = site.file(40)
    run_id = site.world.run(LOG, str(path), "60", uri=site.uri).strip()
    assert len(site.objects()) == 1
    assert fetched(site, run_id) == digest
    assert site.proxy.bytes_up > 40 * MIB


def test_an_agent_that_is_killed_in_the_middle_goes_on(site: Site) -> None:
    path, digest = site.file(128)
    thread = in_a_moment(60 * MIB, site, site.kill_agents)
    run_id = site.world.run(LOG, str(path), "80", uri=site.uri).strip()
    thread.join()
    assert fetched(site, run_id) == digest
    # Four parts were under way, the rest is not sent again.
    assert site.proxy.bytes_up < (128 + 5 * 16) * MIB


def test_an_upload_that_the_call_waits_for_survives_the_agent(site: Site) -> None:
    path, digest = site.file(128)
    thread = in_a_moment(60 * MIB, site, site.kill_agents)
    run_id = site.world.run(
        LOG, str(path), "80", uri=site.uri, RUNSTREAM_SPOOL_ARTIFACT_MAX="1MiB"
    ).strip()
    thread.join()
    assert fetched(site, run_id) == digest


def test_nothing_is_visible_of_an_upload_that_was_killed(site: Site) -> None:
    path, _ = site.file(128)
    stopped = in_a_moment(60 * MIB, site, site.kill_agents)
    process = site.world.popen(LOG, str(path), uri=site.uri, RUNSTREAM_SPOOL_ARTIFACT_MAX="1MiB")
    eventually(lambda: site.proxy.bytes_up > 50 * MIB)
    process.kill()
    process.wait()
    stopped.join()
    assert site.objects() == []


def test_an_s3_server_that_is_killed_in_the_middle(site: Site) -> None:
    path, digest = site.file(128)
    thread = in_a_moment(60 * MIB, site, site.s3.restart)
    run_id = site.world.run(LOG, str(path), "80", uri=site.uri).strip()
    thread.join()
    assert fetched(site, run_id) == digest


def test_cuts_up_and_down(site: Site) -> None:
    path, digest = site.file(120)
    site.proxy.cut_after(50 * MIB)
    run_id = site.world.run(LOG, str(path), "80", uri=site.uri).strip()
    assert site.proxy.cuts == 1
    process = threading.Timer(0.3, site.proxy.cut_all)
    process.start()
    assert fetched(site, run_id) == digest
    process.join()


def test_300_mb_travel_in_constant_memory(site: Site) -> None:
    path, digest = site.file(300)
    run_id = site.world.run(LOG, str(path), "80", uri=site.uri).strip()
    assert fetched(site, run_id) == digest
    eventually(site.world.agents)
    assert max(peak_mb(pid) for pid in site.world.agents()) < 200
    assert max(peak_mb(role.pid) for role in site.server.cluster.roles) < 300


def peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no VmHWM of {pid}")
