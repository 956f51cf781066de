"""Datasets that runs read: of one name and digest the first in log order counts."""

from __future__ import annotations

from runstream.v1 import events_pb2 as pb
from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.names import creation_rank

_TEXTS = ("source_type", "source", "schema", "profile")


def fold_inputs(flush: Flush) -> Rows:
    found: dict[tuple[str, str, str], tuple[int, pb.DatasetInput]] = {}
    for batch, pos, message in flush.events("inputs"):
        for entry in message.datasets:
            key = (batch.run_id, entry.dataset.name, entry.dataset.digest)
            found.setdefault(key, (pos, entry))
    entries = [entry for _, entry in found.values()]
    texts = {name: [getattr(entry.dataset, name) for entry in entries] for name in _TEXTS}
    return Rows(
        "inputs",
        len(found),
        {
            "run_id": run_words([run_id for run_id, _, _ in found]),
            "name": [name for _, name, _ in found],
            "digest": [digest for _, _, digest in found],
            **texts,
            "tags": [[(tag.key, tag.value) for tag in entry.tags] for entry in entries],
            "version": [creation_rank(pos) for pos, _ in found.values()],
        },
    )
