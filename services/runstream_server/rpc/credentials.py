"""TLS of the gRPC server."""

from __future__ import annotations

import logging

import grpc

from runstream_server.doors.tls import Tls

_log = logging.getLogger(__name__)


def credentials(tls: Tls) -> grpc.ServerCredentials:
    """What to bind a port with. A renewed certificate is used for new connections."""
    seen = tls.signature()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal seen
        try:
            now = tls.signature()
            if now == seen:
                return None
            tls.check()
            seen = now
            return _configuration(tls)
        except OSError as error:  # half written: at the next connection
            _log.error("the new certificate %s is no good: %s", tls.cert, error)
            return None

    return grpc.dynamic_ssl_server_credentials(
        _configuration(tls),
        renewed,  # type: ignore[arg-type]  # None: as before
        require_client_authentication=tls.client_ca is not None,
    )


def _configuration(tls: Tls) -> grpc.ServerCertificateConfiguration:
    key, chain, client_ca = tls.read()
    return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=client_ca)
