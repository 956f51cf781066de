"""What may be bound, and what TLS needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runstream_server.doors import tokens
from runstream_server.doors.settings import DoorError, DoorSettings, is_loopback
from tests.servers.certificates import Authority


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_this_machine_alone_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    DoorSettings().check_binding(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_others_do(host: str) -> None:
    with pytest.raises(DoorError, match="--tokens-file") as caught:
        DoorSettings().check_binding(host)
    assert "--insecure" in str(caught.value)
    DoorSettings(tokens_file=Path("t")).check_binding(host)
    DoorSettings(insecure=True).check_binding(host)


def test_a_tokens_file_has_to_be_there(tmp_path: Path) -> None:
    assert DoorSettings().authenticator() is None
    path = tmp_path / "t.json"
    with pytest.raises(DoorError, match="There is no tokens file"):
        DoorSettings(tokens_file=path).authenticator()
    tokens.change(path, lambda _: ())
    assert DoorSettings(tokens_file=path).authenticator() is not None


def test_tls_is_checked_before_anything_is_bound(tmp_path: Path) -> None:
    signed = Authority(tmp_path / "ca").sign("server", "127.0.0.1")
    other = Authority(tmp_path / "other").sign("server")
    assert DoorSettings().tls() is None
    assert DoorSettings(tls_cert=signed.cert, tls_key=signed.key).tls() is not None
    with pytest.raises(DoorError, match="both"):
        DoorSettings(tls_cert=signed.cert).tls()
    with pytest.raises(DoorError, match="needs --tls-cert"):
        DoorSettings(tls_client_ca=signed.cert).tls()
    with pytest.raises(DoorError, match="cannot be used for TLS"):
        DoorSettings(tls_cert=signed.cert, tls_key=other.key).tls()
    with pytest.raises(DoorError, match="cannot be used for TLS"):
        DoorSettings(tls_cert=signed.cert, tls_key=tmp_path / "no").tls()
