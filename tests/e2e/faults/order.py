"""The log itself: is every batch there, in the order in which it was made?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from runstream_server.eventlog.port import Record
from runstream_server.events.decode import Batch, decode


@dataclass
class LogOrder:
    """What was seen of the log so far.

    copies: batches that came again. points: without the copies'.
    """

    batches: int = 0
    copies: int = 0
    points: int = 0
    problems: list[str] = field(default_factory=list)
    _seq: dict[tuple[str, bytes], int] = field(default_factory=dict)
    _checksums: dict[tuple[str, bytes, int], int] = field(default_factory=dict)
    _steps: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self, records: Iterable[Record]) -> None:
        for record in records:
            self._read(decode(record.partition, record.offset, record.value))

    def _read(self, batch: Batch) -> None:
        before = self._checksums.get(batch.identity)
        if before is not None:
            self.copies += 1
            if before != batch.checksum:
                self.problems.append(f"{_named(batch)} came again with other content")
            return
        self.batches += 1
        self.points += batch.points
        self._checksums[batch.identity] = batch.checksum
        last = self._seq.get(batch.producer, 0)
        if batch.seq != last + 1:
            self.problems.append(f"{_named(batch)} came after {last}")
        self._seq[batch.producer] = batch.seq
        self.problems += self._out_of_order(batch)

    def _out_of_order(self, batch: Batch) -> Iterator[str]:
        for block in batch.metrics:
            for number, series in enumerate(block.series):
                steps = block.step[block.key_index == number]
                key = (batch.stream_id, series[0])
                if len(steps):
                    rising = bool(np.all(np.diff(steps) > 0))
                    if not rising or steps[0] <= self._steps.get(key, -1):
                        yield f"{_named(batch)}: steps of {series[0]} do not rise"
                    self._steps[key] = int(steps[-1])


def _named(batch: Batch) -> str:
    return f"batch {batch.seq} of {batch.producer_id.hex()} in {batch.stream_id}"
