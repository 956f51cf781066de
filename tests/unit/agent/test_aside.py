from __future__ import annotations

import json
from pathlib import Path

from runstream.agent.aside import Aside
from runstream.agent.outcome import Refused
from runstream.v1 import events_pb2, spool_pb2, tracking_pb2
from tests.unit.agent.memory import MemorySpool

WHY = Refused(3, "a bad key", tracking_pb2.ErrorDetail(error_code="X", field="f", limit="l"))


def test_refused_events_can_be_read_again(tmp_path: Path, spool: MemorySpool) -> None:
    spool.run(0)
    entry = spool.book().runs[0]
    aside = Aside(tmp_path / "refused" / "p-1")
    event = events_pb2.Event(time_ms=7)
    for _ in range(2):  # after a crash it is done again
        aside.batch(entry, b"p" * 16, "3", [event.SerializeToString()], WHY)
    (kept,) = aside.folder.glob("*.batch")
    batch = events_pb2.AppendRequest.FromString(kept.read_bytes())
    assert list(batch.events) == [event]
    assert batch.stream_id == entry.definition.run_id
    (reason,) = aside.folder.glob("*.json")
    said = json.loads(reason.read_text())
    assert (said["error_code"], said["field"], said["limit"]) == ("X", "f", "l")
    (sentence,) = aside.take_sentences()
    assert "1 events" in sentence
    assert aside.take_sentences() == []


def test_the_bytes_of_an_artifact_are_kept(tmp_path: Path, spool: MemorySpool) -> None:
    spool.run(0)
    blob = tmp_path / "blob"
    blob.write_bytes(b"weights")
    aside = Aside(tmp_path / "refused")
    artifact = spool_pb2.SpooledArtifact(path="w.bin", upload_id="u", blob="blob")
    for _ in range(2):
        aside.artifact(spool.book().runs[0], artifact, blob, WHY)
    (kept,) = aside.folder.glob("*.blob")
    assert kept.read_bytes() == b"weights"
    assert not blob.exists()


def test_damage_is_told_once(tmp_path: Path) -> None:
    aside = Aside(tmp_path / "refused")
    assert aside.damaged("no meta")
    assert not aside.damaged("no meta")
    assert aside.take_sentences() == ["a spool is damaged: no meta"]
