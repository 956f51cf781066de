"""Artifacts: the last object logged for a path counts."""

from __future__ import annotations

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush, Placed


def fold_artifacts(flush: Flush) -> Rows:
    found: dict[tuple[str, str], Placed] = {}
    for placed in flush.events("artifact_logged"):
        found[placed.batch.run_id, placed.message.path] = placed
    messages = [placed.message for placed in found.values()]
    return Rows(
        "artifacts",
        len(found),
        {
            "run_id": run_words([run_id for run_id, _ in found]),
            "path": [message.path for message in messages],
            "object_key": [message.object_key for message in messages],
            "size": [message.size_bytes for message in messages],
            "sha256": [message.sha256 for message in messages],
            "version": [placed.pos for placed in found.values()],
        },
    )
