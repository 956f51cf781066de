"""What was refused for good: kept on this machine, with the reason.

`refused/<process>/` in the scope's disk folder holds, per refusal, the refused
events as a batch (`.batch`, an AppendRequest) or the artifact's bytes
(`.blob`), and a `.json` that says why. Nothing here is ever sent or deleted.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from runstream.agent import wire
from runstream.agent.definitions import RunEntry
from runstream.agent.outcome import Refused
from runstream.agent.sends import ingest_header
from runstream.v1 import spool_pb2

FOLDER = "refused"


@dataclass(frozen=True)
class Aside:
    """The place for what one process logged and a server refused."""

    folder: Path

    def batch(
        self, entry: RunEntry, producer_id: bytes, name: str, events: list[bytes], why: Refused
    ) -> str:
        """Keep refused events; a sentence about them. Raises OSError; may be repeated.

        name: tells this refusal from the others of the run and the producer.
        """
        name = f"{entry.definition.run_id}-{producer_id.hex()[:8]}-{name}"
        header = ingest_header(entry, producer_id, seq=0)
        self._write(f"{name}.batch", wire.append_request(header, events))
        sentence = (
            f"{len(events)} events of run {entry.definition.run_id} were refused by "
            f"{entry.definition.tracking_uri}: {why.message}"
        )
        self._reason(name, sentence, entry, why)
        return sentence

    def artifact(
        self, entry: RunEntry, artifact: spool_pb2.SpooledArtifact, blob: Path, why: Refused
    ) -> str:
        """Keep a refused artifact's bytes; a sentence about it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{entry.definition.run_id}-{artifact.upload_id}"
        if artifact.blob and blob.exists():
            shutil.move(blob, self.folder / f"{name}.blob")
        sentence = (
            f"the artifact {artifact.path} of run {entry.definition.run_id} was refused by "
            f"{entry.definition.tracking_uri}: {why.message}"
        )
        self._reason(name, sentence, entry, why)
        return sentence

    def take_sentences(self) -> list[str]:
        """A sentence per refusal that was not taken before; after a crash perhaps again."""
        sentences = []
        for path in sorted(self.folder.glob("*.json")):
            told = path.with_suffix(".told")
            if not told.exists():
                sentences.append(str(json.loads(path.read_text(encoding="utf-8"))["what"]))
                told.touch()
        return sentences

    def damaged(self, what: str, name: str = "damaged") -> bool:
        """Keep a note about a spool, or a part of one, that cannot be read; whether it is new."""
        known = (self.folder / f"{name}.json").exists()
        sentence = f"a spool is damaged: {what}"
        self._write(f"{name}.json", json.dumps({"what": sentence}).encode())
        return not known

    def _reason(self, name: str, sentence: str, entry: RunEntry, why: Refused) -> None:
        reason = {
            "what": sentence,
            "run_id": entry.definition.run_id,
            "tracking_uri": entry.definition.tracking_uri,
            "error_code": why.detail.error_code,
            "field": why.detail.field,
            "limit": why.detail.limit,
            "message": why.message,
        }
        self._write(f"{name}.json", json.dumps(reason, indent=1).encode())

    def _write(self, name: str, data: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / name
        new = path.with_name(name + ".new")
        with open(new, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
