"""What is there against what was logged: pure."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.e2e.faults.ledger import Noted
from tests.e2e.faults.streams import Point, call, content, events_of, points_of

_SHOWN = 5
_OURS = ("mlflow.", "runstream.")


@dataclass(frozen=True)
class Found:
    """A run as it is read back.

    points: per series, in the order of the answer. latest: per series.
    artifacts: path → SHA-256. verdict: empty when the run is complete.
    """

    name: str
    status: str
    experiment: str
    verdict: str
    points: Mapping[str, Sequence[Point]]
    latest: Mapping[str, float]
    tags: Mapping[str, str]
    params: Mapping[str, str]
    artifacts: Mapping[str, bytes]


class Expected(NamedTuple):
    """What a number of calls leaves behind."""

    points: dict[str, list[Point]]
    tags: dict[str, str]
    params: dict[str, str]
    artifacts: dict[str, bytes]


@dataclass
class Tally:
    """What was compared."""

    runs: int = 0
    points: int = 0
    params: int = 0
    tags: int = 0
    artifacts: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, noted: Noted, found: Found, large: bool) -> None:
        self.runs += 1
        self.points += sum(map(len, found.points.values()))
        self.params += len(found.params)
        self.tags += len(found.tags)
        self.artifacts += len(found.artifacts)
        self.problems += [
            f"{noted.stream.name} ({noted.run_id}): {problem}"
            for problem in differences(noted, found, large)
        ]


def expected(noted: Noted, calls: int, large: bool) -> Expected:
    """What that many calls of the run leave behind."""
    tags: dict[str, str] = {}
    params: dict[str, str] = {}
    artifacts: dict[str, int] = {}
    for index, made in events_of(noted.stream, calls):
        tags.update(made.set_tags or {})
        tags.pop(made.delete_tag, None)
        if made.param:
            params.setdefault(*made.param)
        if made.artifact:
            artifacts[made.artifact] = index
    hashes = {
        path: hashlib.sha256(content(noted.stream, index, large)).digest()
        for path, index in artifacts.items()
    }
    return Expected(points_of(noted.stream, calls), tags, params, hashes)


def differences(noted: Noted, found: Found, large: bool) -> Iterator[str]:
    """A sentence for each thing that is not as it was logged."""
    wanted = expected(noted, noted.calls, large)
    # A process that was killed may have been inside one more call, and inside the last one.
    allowed = wanted if noted.ended else expected(noted, noted.calls + 1, large)
    flying = {} if noted.ended else call(noted.stream, noted.calls).points
    for key in sorted({*wanted.points, *found.points}):
        extra = allowed.points.get(key, [])[-1:] if key in flying else []
        yield from _points(key, wanted.points.get(key, []), found.points.get(key, []), extra)
    yield from _latest(found)
    for what in ("tags", "params", "artifacts"):
        have = dict(getattr(found, what))
        if what == "tags":
            have = {key: value for key, value in have.items() if not key.startswith(_OURS)}
        if have not in (getattr(wanted, what), getattr(allowed, what)):
            yield f"{what}: {_mapping(getattr(wanted, what), have)}"
    statuses = {noted.stream.status} if noted.ended else {"KILLED", noted.stream.status}
    if found.status not in statuses:
        yield f"status {found.status}, not {' or '.join(sorted(statuses))}"
    if found.name != noted.stream.name:
        yield f"name {found.name!r}"
    if found.verdict:
        yield f"not complete: {found.verdict}"


def _points(
    key: str, wanted: Sequence[Point], found: Sequence[Point], extra: Sequence[Point]
) -> Iterator[str]:
    stated = any(point.timestamp_ms for point in wanted)
    have = [_comparable(point, stated) for point in found]
    want = [_comparable(point, stated) for point in wanted]
    more = [_comparable(point, stated) for point in extra]
    if have in (want, want + more):
        return
    counts = Counter(have)
    lost = list((Counter(want) - counts).elements())
    doubled = [point for point, count in counts.items() if count > 1]
    foreign = list((counts - Counter(want) - Counter(more)).elements())
    for name, points in (("lost", lost), ("doubled", doubled), ("not logged", foreign)):
        if points:
            yield f"{key}: {len(points)} points {name}: {points[:_SHOWN]}"
    if not (lost or doubled or foreign):
        yield f"{key}: out of order"


def _comparable(point: Point, stated: bool) -> tuple[int, float | str, int]:
    value = "nan" if math.isnan(point.value) else point.value
    return point.step, value, point.timestamp_ms if stated else 0


def _latest(found: Found) -> Iterator[str]:
    for key, points in found.points.items():
        last, latest = points[-1].value, found.latest.get(key)
        if latest is None or (latest != last and not (math.isnan(last) and math.isnan(latest))):
            yield f"{key}: the latest value is {latest}, not {last}"


def _mapping(wanted: Mapping[str, object], have: Mapping[str, object]) -> str:
    lost = sorted(set(wanted) - set(have))[:_SHOWN]
    foreign = sorted(set(have) - set(wanted))[:_SHOWN]
    other = [
        f"{key}={have[key]!r}, not {wanted[key]!r}"
        for key in sorted(set(wanted) & set(have))
        if wanted[key] != have[key]
    ][:_SHOWN]
    return f"lost {lost}, not logged {foreign}, other {other}"
