"""Tags: the last set or delete in log order counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.names import NAME_TAG, run_names, write_rank


class Tag(NamedTuple):
    """A tag as one event leaves it. Of two, the greater version counts."""

    version: int
    value: str
    deleted: int


def fold_tags(flush: Flush) -> Rows:
    found: dict[tuple[str, str], Tag] = {}
    for run_id, key, tag in _writes(flush):
        known = found.get((run_id, key))
        # At the same version the later one counts: an event deletes after it set.
        if known is None or known.version <= tag.version:
            found[run_id, key] = tag
    tags = list(found.values())
    return Rows(
        "tags",
        len(found),
        {
            "run_id": run_words([run_id for run_id, _ in found]),
            "key": [key for _, key in found],
            "value": [tag.value for tag in tags],
            "version": [tag.version for tag in tags],
            "deleted": [tag.deleted for tag in tags],
        },
    )


def _writes(flush: Flush) -> Iterator[tuple[str, str, Tag]]:
    for run_id, rank, name in run_names(flush):
        yield run_id, NAME_TAG, Tag(rank, name, 0)
    for batch, pos, message in flush.events("tags"):
        version = write_rank(pos)
        for entry in message.set:
            yield batch.run_id, entry.key, Tag(version, entry.value, 0)
        for key in message.delete:
            yield batch.run_id, key, Tag(version, "", 1)
