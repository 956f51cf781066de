"""From a tracking URI to an address, whatever its scheme."""

from __future__ import annotations

from pathlib import Path

from runstream.agent import address
from runstream.agent.access import AccessFile
from runstream.agent.address import Address, AddressError
from runstream.agent.embedded import EmbeddedServers


class Resolver:
    """Blocking; called on a thread of its own. Raises AddressError.

    folder: the scope's folder on disk: messages of embedded servers, and what
    writers said about access.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._embedded = EmbeddedServers(folder)

    def __call__(self, tracking_uri: str) -> Address:
        """Where the server of that URI listens now; an embedded one is started."""
        access = AccessFile(self._folder, tracking_uri).read()
        scheme = tracking_uri.partition(":")[0]
        if scheme in ("grpc", "grpcs"):
            return address.direct(tracking_uri, access)
        if scheme in ("http", "https"):
            return address.well_known(tracking_uri, access)
        if scheme == "file":
            return self._embedded.find(tracking_uri, access)
        raise AddressError(f"{tracking_uri}: no server is known for {scheme!r}")
