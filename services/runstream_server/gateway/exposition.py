"""The server's measures in Prometheus' text form."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from runstream_server.telemetry import MEASURES, SECONDS_BUCKETS, Measure, Telemetry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(telemetry: Telemetry) -> str:
    """All measures, also those that were never counted."""
    return "".join(f"{line}\n" for measure in MEASURES for line in _lines(measure, telemetry))


def _lines(measure: Measure, telemetry: Telemetry) -> Iterator[str]:
    suffix = "_total" if measure.kind == "counter" else ""
    name = f"runstream_{measure.name}{suffix}"
    yield f"# HELP {name} {_escaped(f'{measure.meaning} When it rises: {measure.when_it_rises}')}"
    yield f"# TYPE {name} {measure.kind}"
    if measure.kind == "histogram":
        yield from _histogram(name, measure, telemetry)
        return
    values = telemetry.values(measure)
    if not values and not measure.label:
        values = {"": 0.0}
    for label, value in sorted(values.items()):
        labels = f'{{{measure.label}="{_escaped(label)}"}}' if measure.label else ""
        yield f"{name}{labels} {value:.17g}"


def _histogram(name: str, measure: Measure, telemetry: Telemetry) -> Iterator[str]:
    counts, total = telemetry.histogram(measure)
    below = list(accumulate(counts))
    for bound, count in zip(SECONDS_BUCKETS, below, strict=False):
        yield f'{name}_bucket{{le="{bound}"}} {count}'
    yield f'{name}_bucket{{le="+Inf"}} {below[-1]}'
    yield f"{name}_sum {total:.17g}"
    yield f"{name}_count {below[-1]}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
