"""Whom the agent trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from runstream.agent import tls
from runstream.agent.access import Access
from runstream.agent.tls import TlsError
from tests.servers.certificates import Authority


def test_a_ca_is_trusted_instead_of_the_systems(tmp_path: Path) -> None:
    ca = Authority(tmp_path / "ca")
    access = Access(tls_ca=str(ca.cert))
    made = tls.context(access)
    assert len(made.get_ca_certs()) == 1
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert tls.roots(access) == ca.cert.read_bytes()


def test_insecure_and_client_certificates(tmp_path: Path) -> None:
    signed = Authority(tmp_path / "ca").sign("me")
    made = tls.context(Access(tls_insecure="true", tls_client_cert=str(signed.both)))
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_NONE, False)
    access = Access(tls_client_cert=str(signed.both))
    assert tls.client_certificate(access) == signed.both.read_bytes()
    assert tls.client_certificate(Access()) is None


def test_files_that_are_no_good_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for path in ("none.pem", "empty.pem"):
        with pytest.raises(TlsError, match="RUNSTREAM_TLS_CLIENT_CERT"):
            tls.context(Access(tls_client_cert=str(tmp_path / path)))
        with pytest.raises(TlsError, match="RUNSTREAM_TLS_CA"):
            tls.context(Access(tls_ca=str(tmp_path / path)))
    with pytest.raises(TlsError, match="RUNSTREAM_TLS_CA"):
        tls.roots(Access(tls_ca=str(tmp_path / "none.pem")))


def test_without_a_ca_the_systems_roots_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca = Authority(tmp_path / "ca")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.cert))
    assert tls.roots(Access()) == ca.cert.read_bytes()
