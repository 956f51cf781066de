"""The fold of the registry log: which experiments there are. Pure.

A function of the log alone, so that everyone who reads the log from its start
comes to the same state: ingest for its verdicts, materialize for the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from runstream.v1 import events_pb2 as pb
from runstream_server.events import ids
from runstream_server.events.records import order

ARTIFACT_ROOT = "mlflow-artifacts:/"


@dataclass(frozen=True)
class Experiment:
    """One experiment, as the log says up to some point.

    created_ms, updated_ms: MLflow's creation_time and last_update_time.
    changed_ms: when it was last deleted or restored; 0: never.
    aliases: provisional ids of the names it holds or held.
    version: order of the last event that changed it.
    """

    experiment_id: int
    name: str
    artifact_location: str
    created_ms: int
    updated_ms: int
    changed_ms: int = 0
    deleted: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    aliases: tuple[int, ...] = ()
    version: int = 0


class Verdict(NamedTuple):
    """What became of a claim: the experiment that holds the name now."""

    won: bool
    experiment_id: int


class _Now(NamedTuple):
    """The event in hand: its order, and when ingest accepted it."""

    version: int
    accepted_ms: int


class Registry:
    """The state after all records applied so far. Used by one thread at a time.

    Records have to come in offset order from offset 0; one that comes twice,
    under its own offset or another, changes nothing.
    """

    def __init__(self) -> None:
        self.log_id = ""
        self.next_offset = 0
        self._by_id: dict[int, Experiment] = {}
        self._by_name: dict[str, int] = {}
        self._by_alias: dict[int, int] = {}
        self._verdicts: dict[bytes, Verdict] = {}
        self._seen: set[tuple[bytes, int]] = set()
        self._folds: dict[str, Callable[[Any, _Now], Iterator[int]]] = {
            "genesis": self._genesis,
            "experiment_created": self._created,
            "experiment_renamed": self._renamed,
            "experiment_deleted": self._deleted,
            "experiment_restored": self._restored,
            "experiment_tags": self._tagged,
        }

    def apply(self, offset: int, value: bytes) -> list[int]:
        """Folds one record; returns the ids of the experiments it changed."""
        if offset < self.next_offset:
            return []
        self.next_offset = offset + 1
        request = pb.AppendRequest.FromString(value)
        identity = (request.producer_id, request.seq)
        if identity in self._seen:
            return []
        self._seen.add(identity)
        changed: dict[int, None] = {}
        for index, event in enumerate(request.events):
            kind = event.WhichOneof("kind")
            fold = self._folds.get(kind or "")
            if fold is not None and kind is not None:
                now = _Now(order(offset, index), request.accepted_ms)
                changed.update(dict.fromkeys(fold(getattr(event, kind), now)))
        return list(changed)

    def get(self, experiment_id: int) -> Experiment | None:
        """By id, or by the provisional id of a name it holds or held."""
        return self._by_id.get(self._by_alias.get(experiment_id, experiment_id))

    def by_name(self, name: str) -> Experiment | None:
        """By name, deleted ones included."""
        experiment_id = self._by_name.get(name)
        return None if experiment_id is None else self._by_id[experiment_id]

    def verdict(self, claim_id: bytes) -> Verdict | None:
        """What became of a claim; None: it is not in the log so far."""
        return self._verdicts.get(claim_id)

    def experiments(self) -> list[Experiment]:
        """All of them, in the order of their ids."""
        return [self._by_id[experiment_id] for experiment_id in sorted(self._by_id)]

    def _genesis(self, event: pb.Genesis, now: _Now) -> Iterator[int]:
        if self.log_id:
            return
        self.log_id = event.log_id
        yield from self._add(ids.DEFAULT_EXPERIMENT_NAME, "", {}, now)

    def _created(self, event: pb.ExperimentCreated, now: _Now) -> Iterator[int]:
        if not self._decide(event.claim_id, event.name, len(self._by_id)):
            return
        tags = {tag.key: tag.value for tag in event.tags}
        yield from self._add(event.name, event.artifact_location, tags, now)

    def _renamed(self, event: pb.ExperimentRenamed, now: _Now) -> Iterator[int]:
        before = self._named(event.experiment_id)
        if before is None:
            return
        if not self._decide(event.claim_id, event.new_name, before.experiment_id):
            return
        del self._by_name[before.name]
        yield self._set(before, now, name=event.new_name, updated_ms=now.accepted_ms)
        yield from self._hold(before.experiment_id, event.new_name, now)

    def _deleted(self, event: pb.ExperimentDeleted, now: _Now) -> Iterator[int]:
        yield from self._mark(event.experiment_id, now, deleted=True)

    def _restored(self, event: pb.ExperimentRestored, now: _Now) -> Iterator[int]:
        yield from self._mark(event.experiment_id, now, deleted=False)

    def _tagged(self, event: pb.ExperimentTags, now: _Now) -> Iterator[int]:
        before = self._named(event.experiment_id)
        if before is None:
            return
        tags = dict(before.tags)
        tags.update((tag.key, tag.value) for tag in event.set)
        for key in event.delete:
            tags.pop(key, None)
        yield self._set(before, now, tags=tags)

    def _decide(self, claim_id: bytes, name: str, experiment_id: int) -> bool:
        """Whether this claim wins the name; said once per claim."""
        if claim_id in self._verdicts:
            return False
        holder = self._by_name.get(name)
        won = holder is None
        self._verdicts[claim_id] = Verdict(won, experiment_id if holder is None else holder)
        return won

    def _add(self, name: str, location: str, tags: dict[str, str], now: _Now) -> Iterator[int]:
        experiment_id = len(self._by_id)
        self._by_id[experiment_id] = Experiment(
            experiment_id,
            name,
            location or f"{ARTIFACT_ROOT}{experiment_id}",
            created_ms=now.accepted_ms,
            updated_ms=now.accepted_ms,
            tags=tags,
            version=now.version,
        )
        yield experiment_id
        yield from self._hold(experiment_id, name, now)

    def _hold(self, experiment_id: int, name: str, now: _Now) -> Iterator[int]:
        """The experiment holds the name: its provisional id means this one now."""
        self._by_name[name] = experiment_id
        alias = ids.provisional_experiment_id(name)
        holder = self._by_alias.get(alias)
        if holder == experiment_id:
            return
        if holder is not None:
            before = self._by_id[holder]
            kept = tuple(other for other in before.aliases if other != alias)
            yield self._set(before, now, aliases=kept)
        self._by_alias[alias] = experiment_id
        mine = self._by_id[experiment_id]
        yield self._set(mine, now, aliases=(*mine.aliases, alias))

    def _mark(self, experiment_id: str, now: _Now, *, deleted: bool) -> Iterator[int]:
        before = self._named(experiment_id)
        if before is not None and before.deleted != deleted:
            at = now.accepted_ms
            yield self._set(before, now, deleted=deleted, changed_ms=at, updated_ms=at)

    def _named(self, experiment_id: str) -> Experiment | None:
        return self.get(int(experiment_id)) if experiment_id.isdecimal() else None

    def _set(self, before: Experiment, now: _Now, **fields: Any) -> int:
        self._by_id[before.experiment_id] = replace(before, version=now.version, **fields)
        return before.experiment_id
