"""Tokens that nobody else can make or change."""

from __future__ import annotations

import pytest

from runstream_server.blobs.tickets import Signer, TicketError


def test_claims_come_back() -> None:
    signer = Signer()
    token = signer.token({"path": "ü/x"}, 100)
    assert signer.claims(token, 100) == {"path": "ü/x", "expires_ms": 100}


@pytest.mark.parametrize("position", [0, 5, -1, -20])
def test_a_changed_token_is_refused(position: int) -> None:
    signer = Signer()
    token = list(signer.token({"path": "x"}, 100))
    token[position] = "A" if token[position] != "A" else "B"
    with pytest.raises(TicketError, match="changed"):
        signer.claims("".join(token), 0)


@pytest.mark.parametrize("token", ["", ".", "a.b", "ü.ü", "no-dot"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TicketError):
        Signer().claims(token, 0)


def test_another_process_has_another_key() -> None:
    with pytest.raises(TicketError):
        Signer().claims(Signer().token({}, 100), 0)


def test_tokens_end() -> None:
    signer = Signer()
    with pytest.raises(TicketError, match="expired"):
        signer.claims(signer.token({}, 100), 101)
