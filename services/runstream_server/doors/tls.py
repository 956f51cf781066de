"""The server's certificate, read again when it was renewed."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tls:
    """PEM files. `client_ca`: clients need a certificate that it signed."""

    cert: Path
    key: Path
    client_ca: Path | None = None

    def check(self) -> None:
        """Raises OSError (SSLError) when the files cannot be used."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert, self.key)
        if self.client_ca is not None:
            context.load_verify_locations(self.client_ca)

    def read(self) -> tuple[bytes, bytes, bytes | None]:
        """Key, certificate chain, and the CA of clients. Raises OSError."""
        client_ca = None if self.client_ca is None else self.client_ca.read_bytes()
        return self.key.read_bytes(), self.cert.read_bytes(), client_ca

    def signature(self) -> tuple[int, ...]:
        """Changes when a file does. Raises OSError."""
        files = [file for file in (self.cert, self.key, self.client_ca) if file is not None]
        return tuple(number for file in files for number in _version(os.stat(file)))


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino
