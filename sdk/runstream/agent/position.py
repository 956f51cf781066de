"""The merged position of everything one server has accepted from this agent."""

from __future__ import annotations

from runstream.v1 import tracking_pb2


class MergedPosition:
    """A map (log, partition) → next offset; the greatest said so far."""

    def __init__(self) -> None:
        self._log_id = ""
        self._offsets: dict[tuple[str, int], int] = {}
        # Whether what earlier agents had sent is covered.
        self.complete = False

    def merge(self, position: tracking_pb2.Position, complete: bool = False) -> None:
        """Take another position; one of another log replaces what was known.

        complete: it covers everything that was accepted before it was asked for.
        """
        self.complete = self.complete or complete
        if position.log_id != self._log_id:
            self._log_id = position.log_id
            self._offsets.clear()
        for offset in position.offsets:
            key = (offset.log, offset.partition)
            self._offsets[key] = max(self._offsets.get(key, 0), offset.next_offset)

    def message(self) -> tracking_pb2.Position:
        """As a Position."""
        return tracking_pb2.Position(
            log_id=self._log_id,
            offsets=[
                tracking_pb2.PartitionOffset(log=log, partition=partition, next_offset=offset)
                for (log, partition), offset in sorted(self._offsets.items())
            ],
        )
