"""Artifacts of runs and of logged models: the last object logged for a path counts."""

from __future__ import annotations

from collections.abc import Iterable

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush, Placed


def fold_artifacts(flush: Flush) -> Rows:
    return _rows("artifacts", "run_id", flush.events("artifact_logged"))


def fold_model_artifacts(flush: Flush) -> Rows:
    return _rows("model_artifacts", "model_id", flush.model_events("artifact_logged"))


def _rows(table: str, owner: str, events: Iterable[Placed]) -> Rows:
    found: dict[tuple[str, str], Placed] = {}
    for placed in events:
        found[placed.batch.owner, placed.message.path] = placed
    messages = [placed.message for placed in found.values()]
    return Rows(
        table,
        len(found),
        {
            owner: run_words([owner_id for owner_id, _ in found]),
            "path": [message.path for message in messages],
            "object_key": [message.object_key for message in messages],
            "size": [message.size_bytes for message in messages],
            "sha256": [message.sha256 for message in messages],
            "version": [placed.pos for placed in found.values()],
        },
    )
