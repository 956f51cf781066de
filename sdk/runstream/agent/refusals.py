"""What of one process was refused for good, or cannot be read: counted, kept, told."""

from __future__ import annotations

import logging
from pathlib import Path

from runstream.agent.aside import Aside
from runstream.agent.definitions import RunEntry
from runstream.agent.outcome import Refused
from runstream.spool.reader import SpoolReader
from runstream.v1 import spool_pb2

_log = logging.getLogger(__name__)


class Refusals:
    """Main thread only. Keeping raises OSError, and may be repeated then."""

    def __init__(self, folder: Path, reader: SpoolReader) -> None:
        self._aside = Aside(folder)
        self._reader = reader
        self._damage_told = 0

    @property
    def count(self) -> int:
        """How many there are, also from before this agent."""
        return self._reader.refused_count

    def batch(
        self, entry: RunEntry, producer_id: bytes, name: str, events: list[bytes], why: Refused
    ) -> None:
        """Keep refused events."""
        self._count(self._aside.batch(entry, producer_id, name, events, why))

    def artifact(
        self, entry: RunEntry, artifact: spool_pb2.SpooledArtifact, blob: Path, why: Refused
    ) -> None:
        """Keep a refused artifact."""
        self._count(self._aside.artifact(entry, artifact, blob, why))

    def tell_damage(self) -> None:
        """Keep a note about what the reader could not read since the last time."""
        for number in range(self._damage_told, len(self._reader.damage)):
            sentence = self._reader.damage[number]
            if self._aside.damaged(sentence, f"damage-{number}"):
                self._count(sentence)
            self._damage_told = number + 1

    def take(self) -> list[str]:
        """A sentence per refusal, each once."""
        return self._aside.take_sentences()

    def _count(self, sentence: str) -> None:
        _log.error("%s", sentence)
        self._reader.count_refusal()
