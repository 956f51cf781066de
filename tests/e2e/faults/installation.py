"""What faults are injected into: the interface of both sizes."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.eventlog.port import Record
from runstream_server.rpc.client import RpcClient
from runstream_server.service import CallContext
from tests.e2e.faults.proxy import Proxy

_CATCH_UP_SECONDS = 300.0
_CALL_SECONDS = 60.0


class Process(Protocol):
    """A process of the installation."""

    def kill(self) -> object: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Installation(ABC):
    """Everything behind the tracking URI. Methods may be called from several threads."""

    def __init__(self) -> None:
        self.proxy = Proxy()
        # Of each process: held while a fault has it.
        self.locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
        # What ended without a fault, as sentences.
        self.ended: list[str] = []

    @property
    @abstractmethod
    def uri(self) -> str:
        """The tracking URI, over a network that can fail."""

    @abstractmethod
    def start(self) -> None:
        """Returns when it answers."""

    @abstractmethod
    def processes(self, target: str) -> Sequence[Process]:
        """Those that do the same work."""

    @abstractmethod
    def revive(self, process: Process) -> None:
        """Starts what was killed."""

    @abstractmethod
    def supervise(self) -> None:
        """Starts what ended by itself, and notes it."""

    @abstractmethod
    def settle(self) -> None:
        """Returns when every process is ready; nothing is injected any more."""

    @abstractmethod
    def writers(self) -> Sequence[str]:
        """gRPC addresses of those who take batches, over networks that never fail."""

    @abstractmethod
    def readers(self) -> Sequence[str]:
        """gRPC addresses of those who answer reads, over networks that never fail."""

    @abstractmethod
    def rebuild(self) -> str:
        """New tables; why there are none, else empty."""

    @abstractmethod
    def ends(self) -> Mapping[tuple[str, int], int]:
        """Where the logs end: per log and partition."""

    @abstractmethod
    def records(self, begin: Mapping[int, int] | None = None) -> Iterator[Record]:
        """What the log of events holds, in order within a partition. begin: None: all."""

    @abstractmethod
    def close(self) -> None:
        """Ends every process. May be called twice."""

    def expand(self) -> Process | None:
        """One more of those who share the work; None where there is only one."""
        return None

    def shrink(self, process: Process) -> None:
        """Sends it home, in good order."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """Returns when every reader shows all that the log holds."""
        offsets = [
            tracking.PartitionOffset(log=log, partition=partition, next_offset=end)
            for (log, partition), end in self.ends().items()
        ]
        for address in self.readers():
            client = RpcClient([address])
            try:
                self._wait_for(client, offsets)
            finally:
                client.close()

    def _wait_for(self, client: RpcClient, offsets: list[tracking.PartitionOffset]) -> None:
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while True:
            now = time.monotonic()
            info = client.query.get_server_info(
                tracking.GetServerInfoRequest(), CallContext(None, now + _CALL_SECONDS)
            )
            position = tracking.Position(log_id=info.log_id, offsets=offsets)
            request: Any = tracking.SearchExperimentsRequest(max_results=10)
            try:
                client.query.search_experiments(request, CallContext(position, now + _CALL_SECONDS))
            except ServiceError:
                if now > deadline:
                    raise
            else:
                return
