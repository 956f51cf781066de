"""TLS of the agent's connections: whom to trust, and who we are."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path

from runstream.agent.access import Access

# Where systems keep the certificates that they trust, besides where OpenSSL says:
# gRPC has a list of its own, in which a company's CA is never found.
_SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class TlsError(Exception):
    """A file that was set for TLS cannot be used; the message names the variable."""


def context(access: Access, *, more_roots: bool = False) -> ssl.SSLContext:
    """For HTTP. Raises TlsError.

    more_roots: trust the system's roots besides RUNSTREAM_TLS_CA: an object
    store's certificate is another one than the server's.
    """
    return _context(
        access.tls_ca, access.tls_insecure == "true", access.tls_client_cert, more_roots
    )


@lru_cache(maxsize=16)
def _context(ca: str, insecure: bool, client_cert: str, more_roots: bool) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=ca or None)
        if ca and more_roots:
            made.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        raise TlsError(f"RUNSTREAM_TLS_CA ({ca}) cannot be used: {error}") from error
    if insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if client_cert:
        try:
            made.load_cert_chain(client_cert)
        except (OSError, ssl.SSLError) as error:
            raise TlsError(
                f"RUNSTREAM_TLS_CLIENT_CERT ({client_cert}) cannot be used: {error}"
            ) from error
    return made


def roots(access: Access) -> bytes | None:
    """Trusted certificates for gRPC; None: its own. Raises TlsError."""
    if access.tls_ca:
        return _file("RUNSTREAM_TLS_CA", access.tls_ca)
    found = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    for path in filter(None, (found, *_SYSTEM_ROOTS)):
        if os.path.isfile(path):
            return Path(path).read_bytes()
    return None


def client_certificate(access: Access) -> bytes | None:
    """Our certificate and its key in one PEM. Raises TlsError."""
    if not access.tls_client_cert:
        return None
    return _file("RUNSTREAM_TLS_CLIENT_CERT", access.tls_client_cert)


def _file(variable: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TlsError(f"{variable} ({path}) cannot be read: {error.strerror}") from error
