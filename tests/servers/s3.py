"""A real S3 server: versitygw over a folder, or the one that RUNSTREAM_TEST_S3 names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio

from runstream_server.blobs.s3_settings import S3Settings
from tests.servers.child import Child
from tests.servers.ports import answers, free_port

BINARY = Path(__file__).resolve().parents[2] / "build" / "servers" / "bin" / "versitygw"
VARIABLE = "RUNSTREAM_TEST_S3"
_START_SECONDS = 30.0


class S3MissingError(Exception):
    """There is no S3 server to test with; the message says how to get one."""


@dataclass
class S3Server(Child):
    """A process of its own over a folder of its own, on a port that it keeps.

    `close` removes the folder. public_endpoint: where tickets lead to; empty: to it.
    """

    access_key: str = "runstream-test"
    secret_key: str = field(default="not-a-secret-1", repr=False)
    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="runstream-s3-")))
    public_endpoint: str = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> S3Server:
        """Returns when it answers. May be called again after `stop` and `kill`."""
        if not BINARY.exists():
            raise S3MissingError(f"{BINARY} is missing: `make servers` builds it, with Go")
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        command = [str(BINARY), "--quiet", "--port", f"127.0.0.1:{self.port}", "posix"]
        command += [*_sidecar(self.folder), str(data)]
        environment = dict(
            os.environ, ROOT_ACCESS_KEY=self.access_key, ROOT_SECRET_KEY=self.secret_key
        )
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait()
        return self

    def restart(self) -> None:
        """Kill it and start it again, over the same folder and port."""
        self.kill()
        self.start()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def settings(self, bucket: str, **more: str) -> S3Settings:
        """How a server of ours is configured for a bucket of it."""
        settings = {
            "endpoint": self.endpoint,
            "public_endpoint": self.public_endpoint,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "bucket": bucket,
        }
        return S3Settings(**{**settings, **more})

    def client(self) -> Minio:
        return client_of(self.settings("any"))

    def new_bucket(self, name: str = "") -> str:
        """A fresh bucket; its name."""
        name = name or f"test-{os.urandom(6).hex()}"
        self.client().make_bucket(bucket_name=name)
        return name

    def environment(self, bucket: str) -> dict[str, str]:
        """The same for a process."""
        return environment_of(self.settings(bucket))

    def _wait(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + _START_SECONDS
        while not answers("127.0.0.1", self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = (self.folder / "log").read_text()
                raise RuntimeError(f"the S3 server did not start: {text[-2000:]}")
            time.sleep(0.01)


@dataclass
class GivenS3(S3Server):
    """A server that was there before: http(s)://KEY:SECRET@host:port. Cannot be killed."""

    url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.access_key, self.secret_key = parts.username or "", parts.password or ""

    @property
    def endpoint(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def start(self) -> S3Server:
        return self


def client_of(settings: S3Settings) -> Minio:
    """The raw client, beside our own."""
    parts = urlsplit(settings.endpoint)
    return Minio(
        endpoint=parts.netloc,
        access_key=settings.access_key,
        secret_key=settings.secret_key,
        secure=parts.scheme == "https",
        region=settings.region,
    )


def environment_of(settings: S3Settings) -> dict[str, str]:
    """The variables of a server process that uses a bucket."""
    return {
        "RUNSTREAM_S3_ENDPOINT": settings.endpoint,
        "RUNSTREAM_S3_PUBLIC_ENDPOINT": settings.public_endpoint,
        "RUNSTREAM_S3_BUCKET": settings.bucket,
        "RUNSTREAM_S3_REGION": settings.region,
        "RUNSTREAM_S3_PREFIX": settings.prefix,
        "RUNSTREAM_S3_ACCESS_KEY": settings.access_key,
        "RUNSTREAM_S3_SECRET_KEY": settings.secret_key,
    }


def new_s3(given: bool = True) -> S3Server:
    """A server for tests, started. Raises S3MissingError.

    given: take the one that the environment names, when it names one.
    """
    url = os.environ.get(VARIABLE, "") if given else ""
    server = GivenS3(url=url) if url else S3Server()
    try:
        return server.start()
    except BaseException:
        server.close()
        raise


def _sidecar(folder: Path) -> list[str]:
    """Where files have no extended attributes, metadata lies beside them."""
    probe = folder / "probe"
    probe.touch()
    try:
        if sys.platform.startswith("linux"):
            os.setxattr(probe, "user.runstream", b"1")
            return []
    except OSError:
        pass
    finally:
        probe.unlink()
    beside = folder / "metadata"
    beside.mkdir(exist_ok=True)
    return ["--sidecar", str(beside)]
