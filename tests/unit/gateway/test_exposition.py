"""Prometheus can read what we write."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from runstream_server.gateway.exposition import exposition
from runstream_server.telemetry import (
    APPEND_SECONDS,
    BATCHES_REFUSED,
    BYTES_IN_FLIGHT,
    LOG_RECORDS,
    MEASURES,
    Telemetry,
)


def _samples(telemetry: Telemetry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition(telemetry))
        for sample in family.samples
    }


def test_every_measure_is_described() -> None:
    families = list(text_string_to_metric_families(exposition(Telemetry())))
    assert [family.name for family in families] == [f"runstream_{m.name}" for m in MEASURES]
    assert [family.type for family in families] == [measure.kind for measure in MEASURES]
    assert all("When it rises" in family.documentation for family in families)


def test_values_and_labels() -> None:
    telemetry = Telemetry()
    telemetry.count(BATCHES_REFUSED, 2, 'a "quoted"\nlabel\\')
    telemetry.watch(BYTES_IN_FLIGHT, lambda: {"": 5.0})
    telemetry.watch(LOG_RECORDS, lambda: {"events": 1e9, "registry": 2.0})
    samples = _samples(telemetry)
    assert samples["runstream_batches_refused_total", 'a "quoted"\nlabel\\'] == 2
    assert samples["runstream_in_flight_bytes", ""] == 5
    assert samples["runstream_log_records", "events"] == 1e9


def test_histograms() -> None:
    telemetry = Telemetry()
    for seconds in (0.001, 0.003, 0.003, 100.0):
        telemetry.observe(APPEND_SECONDS, seconds)
    samples = _samples(telemetry)
    assert samples["runstream_append_seconds_bucket", "0.001"] == 1
    assert samples["runstream_append_seconds_bucket", "0.005"] == 3
    assert samples["runstream_append_seconds_bucket", "5.0"] == 3
    assert samples["runstream_append_seconds_bucket", "+Inf"] == 4
    assert samples["runstream_append_seconds_count", ""] == 4
    assert abs(samples["runstream_append_seconds_sum", ""] - 100.007) < 1e-9
