"""Passwords that are cheap to check: what is tested here is not how dear a guess is."""

from __future__ import annotations

import pytest

from runstream_server.doors import tokens


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_SCRYPT_N", 2**4)
