"""From a tracking URI to an address, whatever its scheme."""

from __future__ import annotations

from pathlib import Path

from runstream.agent import address
from runstream.agent.address import Address, AddressError
from runstream.agent.embedded import EmbeddedServers


class Resolver:
    """Blocking; called on a thread of its own. Raises AddressError."""

    def __init__(self, log_folder: Path) -> None:
        self._embedded = EmbeddedServers(log_folder)

    def __call__(self, tracking_uri: str) -> Address:
        """Where the server of that URI listens now; an embedded one is started."""
        scheme = tracking_uri.partition(":")[0]
        if scheme in ("grpc", "grpcs"):
            return address.direct(tracking_uri)
        if scheme in ("http", "https"):
            return address.well_known(tracking_uri)
        if scheme == "file":
            return self._embedded.find(tracking_uri)
        raise AddressError(f"{tracking_uri}: no server is known for {scheme!r}")
