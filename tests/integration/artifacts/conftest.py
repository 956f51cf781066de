"""The artifacts service over a real S3 server, and an agent's way to it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runstream.agent.address import Address
from runstream.agent.destination import Destination
from runstream.agent.mailbox import Mailbox
from runstream.agent.upload import Upload
from runstream_server.activity import Activity
from runstream_server.blobs.s3 import S3Blobs
from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.blobs.service import ArtifactsService
from runstream_server.rpc.adapters import Services, Watchers
from runstream_server.rpc.server import RpcServer
from runstream_server.telemetry import Telemetry
from tests.servers.s3 import S3Server
from tests.servers.tcp_proxy import TcpProxy

MIB = 1024 * 1024


@dataclass
class Site:
    """A service with a bucket of its own; its tickets lead through a proxy."""

    server: S3Server
    settings: S3Settings
    blobs: S3Blobs
    proxy: TcpProxy
    destination: Destination
    folder: Path

    def file(self, size_bytes: int) -> Upload:
        """A new file of random bytes, and the upload of it."""
        path = self.folder / os.urandom(4).hex()
        digest = hashlib.sha256()
        with open(path, "wb") as file:
            for start in range(0, size_bytes, MIB):
                chunk = os.urandom(min(MIB, size_bytes - start))
                digest.update(chunk)
                file.write(chunk)
        return Upload(
            run_id="ab" * 16,
            experiment_id="1",
            path="model/weights.bin",
            upload_id=os.urandom(16).hex(),
            source=path,
            size_bytes=size_bytes,
            sha256=digest.digest(),
        )

    def stored(self, key: str) -> bytes:
        """The bytes of an object, by the raw client."""
        name = self.settings.artifacts_prefix + key
        answer = self.server.client().get_object(bucket_name=self.settings.bucket, object_name=name)
        with answer:
            content: bytes = answer.read()
        return content

    def objects(self) -> list[str]:
        """The names of all that is visible."""
        found = self.server.client().list_objects(bucket_name=self.settings.bucket, recursive=True)
        return [each.object_name or "" for each in found]


@pytest.fixture
def site(s3: S3Server, tmp_path: Path) -> Iterator[Site]:
    """On the server of the session: do not kill it."""
    yield from _site(s3, tmp_path)


@pytest.fixture
def own_site(own_s3: S3Server, tmp_path: Path) -> Iterator[Site]:
    """On a server of this test alone."""
    yield from _site(own_s3, tmp_path)


def _site(server: S3Server, folder: Path) -> Iterator[Site]:
    proxy = TcpProxy(int(server.endpoint.rpartition(":")[2]))
    settings = server.settings(server.new_bucket(), public_endpoint=proxy.endpoint, prefix="p/q")
    blobs = S3Blobs(settings)
    with tempfile.TemporaryDirectory(prefix="rs-") as sockets:
        address = f"unix:{sockets}/grpc.sock"
        services = Services(artifacts=ArtifactsService(blobs))
        rpc = RpcServer(services, Watchers(Telemetry(), Activity()), address)
        rpc.start()
        mailbox = Mailbox()
        destination = Destination("test", lambda uri: Address(address), mailbox)
        yield Site(server, settings, blobs, proxy, destination, folder)
        destination.close()
        mailbox.close()
        rpc.close(0)
    proxy.close()
    blobs.close()
