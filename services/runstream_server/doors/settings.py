"""What was set about doors, checked before anything is bound.

Exception
└── DoorError              a setting is missing or no good; one sentence
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from runstream_server.doors.authenticator import Authenticator
from runstream_server.doors.tls import Tls
from runstream_server.doors.tokens import TokensFileError


class DoorError(Exception):
    """The doors cannot be opened as asked; the message says what to change."""


@dataclass(frozen=True)
class DoorSettings:
    """Who may come in, and how.

    tokens_file: hashed tokens and passwords; None: nobody is asked for any.
    tls_cert, tls_key: PEM files of the server; None: no TLS.
    tls_client_ca: only clients with a certificate of these are let in.
    insecure: listen beyond this machine without a tokens file.
    """

    tokens_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    insecure: bool = False

    def check_binding(self, host: str) -> None:
        """Raises DoorError when that address would let everybody in by mistake."""
        if self.tokens_file is None and not self.insecure and not is_loopback(host):
            raise DoorError(
                f"Without tokens, everybody who reaches {host} could read and write all runs. "
                "Make a token (runstream tokens create NAME --tokens-file FILE) and give "
                "--tokens-file FILE, or listen on 127.0.0.1, or give --insecure where the network "
                "itself lets in only those who may."
            )

    def authenticator(self) -> Authenticator | None:
        """Who checks credentials; None: nobody. Raises DoorError."""
        if self.tokens_file is None:
            return None
        try:
            return Authenticator(self.tokens_file)
        except TokensFileError as error:
            raise DoorError(str(error)) from error

    def tls(self) -> Tls | None:
        """The certificates; None: no TLS. Raises DoorError."""
        if self.tls_cert is None or self.tls_key is None:
            if self.tls_cert or self.tls_key:
                raise DoorError("TLS needs both --tls-cert and --tls-key.")
            if self.tls_client_ca:
                raise DoorError("--tls-client-ca needs --tls-cert and --tls-key.")
            return None
        tls = Tls(self.tls_cert, self.tls_key, self.tls_client_ca)
        try:
            tls.check()
        except (OSError, ssl.SSLError) as error:
            raise DoorError(f"{self._files()} cannot be used for TLS: {_why(error)}.") from error
        return tls

    def _files(self) -> str:
        files = (self.tls_cert, self.tls_key, self.tls_client_ca)
        return ", ".join(str(file) for file in files if file)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it; a name counts when it is localhost."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "no certificate and key that belong together"
    return error.strerror or str(error)
