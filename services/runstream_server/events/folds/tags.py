"""Tags of runs and of logged models: the last set or delete in log order counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush, Placed
from runstream_server.events.folds.names import NAME_TAG, run_names, write_rank


class Tag(NamedTuple):
    """A tag as one event leaves it. Of two, the greater version counts."""

    version: int
    value: str
    deleted: int


def fold_tags(flush: Flush) -> Rows:
    names = ((run_id, NAME_TAG, Tag(rank, name, 0)) for run_id, rank, name in run_names(flush))
    return _rows("tags", "run_id", chain(names, _writes(flush.events("tags"))))


def fold_model_tags(flush: Flush) -> Rows:
    return _rows("model_tags", "model_id", _writes(flush.model_events("logged_model_tags")))


def _rows(table: str, owner: str, writes: Iterable[tuple[str, str, Tag]]) -> Rows:
    found: dict[tuple[str, str], Tag] = {}
    for owner_id, key, tag in writes:
        known = found.get((owner_id, key))
        # At the same version the later one counts: an event deletes after it set.
        if known is None or known.version <= tag.version:
            found[owner_id, key] = tag
    tags = list(found.values())
    return Rows(
        table,
        len(found),
        {
            owner: run_words([owner_id for owner_id, _ in found]),
            "key": [key for _, key in found],
            "value": [tag.value for tag in tags],
            "version": [tag.version for tag in tags],
            "deleted": [tag.deleted for tag in tags],
        },
    )


def _writes(events: Iterable[Placed]) -> Iterator[tuple[str, str, Tag]]:
    for batch, pos, message in events:
        version = write_rank(pos)
        for entry in message.set:
            yield batch.owner, entry.key, Tag(version, entry.value, 0)
        for key in message.delete:
            yield batch.owner, key, Tag(version, "", 1)
