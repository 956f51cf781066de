"""What the parts of the client have in common: the server they talk to."""

from __future__ import annotations

from runstream._addresses import canonical_uri
from runstream._runs import writer_of
from runstream._tracking_uri import get_tracking_uri
from runstream._writer import RunWriter


class ClientBase:
    """One tracking URI."""

    def __init__(self, tracking_uri: str | None = None) -> None:
        self._tracking_uri = get_tracking_uri() if not tracking_uri else canonical_uri(tracking_uri)

    @property
    def tracking_uri(self) -> str:
        """The absolute tracking URI of this client."""
        return self._tracking_uri

    def _writer(self, run_id: str) -> RunWriter:
        return writer_of(run_id, self._tracking_uri)
