"""An embedded server whose artifacts are on S3, as a program.

python -m tests.e2e.s3_embedded DIR --host 127.0.0.1 --port N --grpc-port N      with RUNSTREAM_S3_*
"""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path

from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.embedded import Doors, EmbeddedServer
from runstream_server.folder import DataFolder
from runstream_server.folder_lock import FolderLock
from runstream_server.gateway.server import tcp_socket

_FIELDS = ("endpoint", "public_endpoint", "bucket", "region", "prefix", "access_key", "secret_key")


def settings_of(environment: dict[str, str]) -> S3Settings:
    return S3Settings(
        **{name: environment.get(f"RUNSTREAM_S3_{name.upper()}", "") for name in _FIELDS}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", choices=["127.0.0.1"], required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc-port", type=int, required=True)
    given = parser.parse_args()
    folder = DataFolder(given.folder)
    lock = FolderLock(folder, "person")
    lock.take()
    address = f"http://{given.host}:{given.port}"
    http = tcp_socket(given.host, given.port)
    doors = Doors(f"{given.host}:{given.grpc_port}", http, address, address)
    s3 = settings_of(dict(os.environ))
    server = EmbeddedServer(folder, doors, "person", lambda fault: os._exit(1), s3)
    assert server is not None
    threading.Event().wait()


if __name__ == "__main__":
    main()
