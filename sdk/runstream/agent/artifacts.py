"""The artifacts of one process on their way: one of a stream at a time, in order."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from runstream.agent.answer import RESOURCE_EXHAUSTED
from runstream.agent.definitions import ArtifactEntry, Book, Stream
from runstream.agent.ledger import Ledger
from runstream.agent.outcome import Refused
from runstream.agent.retry import RetryPolicy
from runstream.agent.upload import Stored, Upload, UploadResult
from runstream.agent.workshop import Depot
from runstream.v1 import tracking_pb2


class ArtifactQueue:
    """See the module. Main thread only.

    on_refused: keeps the bytes and records that the artifact is dropped; it
    may raise OSError, and is called again then.
    """

    def __init__(
        self,
        blobs: Path,
        depot: Depot,
        on_stored: Callable[[Stream], None],
        on_refused: Callable[[ArtifactEntry, Path, Refused], None],
    ) -> None:
        # Object keys by position of the frame; they wait for their event.
        self.stored: dict[int, str] = {}
        self.experiments: dict[Stream, str] = {}
        # What the server said when it took none; empty: it does.
        self.held = ""
        self._blobs = blobs
        self._depot = depot
        self._on_stored = on_stored
        self._on_refused = on_refused
        self._retry = RetryPolicy()
        self._paths: dict[int, Path] = {}
        self._under_way: set[int] = set()
        self._refused: dict[int, Refused] = {}
        self._attempts: dict[int, int] = {}
        self._retry_at: dict[int, float] = {}

    def poll(self, ledger: Ledger, now: float) -> None:
        """Start what can be started; finish refusals."""
        if not ledger.book.artifacts and not self._refused:
            return
        for at, why in list(self._refused.items()):
            entry = ledger.book.artifacts.get(at)
            if entry is not None:
                self._on_refused(entry, self.path(entry), why)
            del self._refused[at]
        for entry in _first_of_each_stream(ledger.book, self.stored):
            if self._may_start(entry, ledger, now):
                self._start(entry, ledger)

    def path(self, entry: ArtifactEntry) -> Path:
        """Where its bytes lie."""
        return self._blobs / entry.artifact.blob

    def logged(self, at: int) -> None:
        """Its event is accepted: the bytes here are not needed any more."""
        self.stored.pop(at, None)
        path = self._paths.pop(at, None)
        if path is not None:
            path.unlink(missing_ok=True)

    def _may_start(self, entry: ArtifactEntry, ledger: Ledger, now: float) -> bool:
        if entry.at in self._under_way or entry.at in self._refused:
            return False
        if self._retry_at.get(entry.at, 0.0) > now:
            return False
        # The server has to know the run: its first batch goes before.
        state = ledger.streams.get(ledger.book.runs[entry.artifact.run_index].stream)
        if state is not None and state.shut:
            self._refused[entry.at] = shut(state.shut)
            return False
        return state is not None and state.seq > 0

    def _start(self, entry: ArtifactEntry, ledger: Ledger) -> None:
        artifact = entry.artifact
        stream = ledger.book.runs[artifact.run_index].stream
        upload = Upload(
            run_id=stream.run_id,
            experiment_id=self.experiments.get(stream, ""),
            path=artifact.path,
            upload_id=artifact.upload_id,
            source=self.path(entry) if artifact.blob else None,
            size_bytes=artifact.size_bytes,
            sha256=artifact.sha256,
        )
        self._under_way.add(entry.at)
        if artifact.blob:
            self._paths[entry.at] = self.path(entry)
        self._attempts[entry.at] = self._attempts.get(entry.at, 0) + 1

        def done(result: UploadResult, now: float) -> None:
            self._under_way.discard(entry.at)
            if isinstance(result, Stored):
                self.stored[entry.at], self.held = result.object_key, ""
                self._on_stored(stream)
            elif isinstance(result, Refused):
                self._refused[entry.at] = result
            else:
                self.held = result.message if result.code == RESOURCE_EXHAUSTED else self.held
                self._retry_at[entry.at] = now + self._retry.wait_seconds(
                    self._attempts[entry.at], result.retry_after_seconds, random.random()
                )

        self._depot.store(stream.tracking_uri, upload, done)


def shut(reason: str) -> Refused:
    """Why nothing of a shut stream is sent."""
    return Refused(9, reason, tracking_pb2.ErrorDetail(error_code="INVALID_STATE"))


def _first_of_each_stream(book: Book, stored: dict[int, str]) -> list[ArtifactEntry]:
    """The first artifact of each stream that is not stored."""
    first: dict[Stream, ArtifactEntry] = {}
    for at, entry in book.artifacts.items():
        if at not in stored:
            first.setdefault(book.runs[entry.artifact.run_index].stream, entry)
    return list(first.values())
