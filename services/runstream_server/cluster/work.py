"""What a role does between its start and its end; and what it has around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

from runstream_server.calls import Services, Watchers
from runstream_server.quota import Limits
from runstream_server.telemetry import Telemetry


class Around(NamedTuple):
    """What a role's work has around it.

    limits: per run and token.
    fault: told, from any thread, that the process must end, and why.
    grpc_port: the port that was bound; 0 before.
    """

    watchers: Watchers
    limits: Limits
    fault: Callable[[str], None]
    grpc_port: Callable[[], int]

    @property
    def telemetry(self) -> Telemetry:
        return self.watchers.telemetry


class Work(ABC):
    """All methods may be called from any thread."""

    def services(self) -> Services:
        """What is answered over gRPC; nothing: no such door."""
        return Services()

    def well_known(self) -> Mapping[str, object]:
        """What clients are told under /.well-known/runstream."""
        return {}

    def unready(self) -> str:
        """Why no calls should be sent here for now; empty: they may be."""
        return ""

    def stop_waiting(self) -> None:
        """Ends the calls that wait for something. May be called twice."""
        return

    @abstractmethod
    def close(self) -> None:
        """Finishes what is in hand and closes everything. May be called twice."""


#: Connects and begins. Raises what passes by itself, to be called again, and others for good.
Begin = Callable[[Around], Work]
