from __future__ import annotations

from pathlib import Path

import pytest

from runstream.agent.address import AddressError
from runstream.agent.resolver import Resolver


def test_each_scheme_has_its_way(tmp_path: Path) -> None:
    resolve = Resolver(tmp_path)
    assert resolve("grpc://host:1").grpc_target == "host:1"
    assert resolve("grpcs://host:1").secure
    with pytest.raises(AddressError, match="ftp"):
        resolve("ftp://host/x")
