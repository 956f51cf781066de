"""Reads wait for what they bring, and say how far behind the tables are."""

from __future__ import annotations

import threading
import time

import pytest

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryOptions, QueryService
from runstream_server.service import CallContext
from runstream_server.store.engine import Store
from tests.integration.query.tables import LOG_ID, Tables


def position(log_id: str = LOG_ID, **offsets: int) -> tracking.Position:
    """events_0=5: partition 0 of the events log, up to offset 5."""
    found = tracking.Position(log_id=log_id)
    for name, offset in offsets.items():
        log, _, number = name.partition("_")
        found.offsets.add(log=log, partition=int(number), next_offset=offset)
    return found


def context(wanted: tracking.Position | None, seconds: float = 30.0) -> CallContext:
    return CallContext(wanted, time.monotonic() + seconds)


def wait(service: QueryService, ctx: CallContext) -> tracking.Position:
    return service.wait_for_position(tracking.WaitForPositionRequest(), ctx).applied


def test_what_is_there_already_is_answered_at_once(empty: Tables, service: QueryService) -> None:
    empty.insert("applied", ("events", 0, 3), ("registry", 0, 1))
    empty.insert("applied", ("events", 0, 5), ("events", 1, 2))
    found = wait(service, context(position(events_0=5, registry_0=1), seconds=0.0))
    assert found == position(events_0=5, events_1=2, registry_0=1)


def test_a_read_waits_until_the_tables_have_passed(empty: Tables, service: QueryService) -> None:
    answers: list[tracking.Position] = []
    wanted = context(position(events_2=9))
    reader = threading.Thread(target=lambda: answers.append(wait(service, wanted)))
    reader.start()
    empty.insert("applied", ("events", 2, 8))
    empty.insert("applied", ("events", 2, 9))
    reader.join(timeout=30)
    assert answers == [position(events_2=9)]


def test_too_late_names_the_lag(empty: Tables, service: QueryService) -> None:
    empty.insert("applied", ("events", 0, 3))
    with pytest.raises(
        ServiceError, match=r"4 records of events/0, 2 records of registry/0"
    ) as late:
        wait(service, context(position(events_0=7, registry_0=2), seconds=0.02))
    assert late.value.error_code == "TEMPORARILY_UNAVAILABLE"
    assert late.value.retry_after_ms > 0


def test_every_read_waits(empty: Tables, service: QueryService) -> None:
    late = context(position(events_0=1), seconds=0.0)
    calls = (
        lambda: service.get_run(tracking.GetRunRequest(run_id="x"), late),
        lambda: service.search_runs(tracking.SearchRunsRequest(), late),
        lambda: service.get_metric_history(tracking.GetMetricHistoryRequest(), late),
        lambda: service.get_chart(tracking.GetChartRequest(), late),
        lambda: service.get_experiment(tracking.GetExperimentRequest(), late),
        lambda: service.get_experiment_by_name(tracking.GetExperimentByNameRequest(), late),
        lambda: service.search_experiments(tracking.SearchExperimentsRequest(), late),
        lambda: service.list_artifacts(tracking.ListArtifactsRequest(), late),
        lambda: service.verify_run(tracking.VerifyRunRequest(), late),
    )
    for call in calls:
        with pytest.raises(ServiceError, match="behind by 1 records of events/0"):
            call()


def test_another_log_is_refused(empty: Tables, service: QueryService) -> None:
    with pytest.raises(ServiceError, match="belongs to the log 'ffff'") as refused:
        wait(service, context(position("ffff", events_0=1)))
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_closing_ends_the_wait(store: Store, empty: Tables) -> None:
    options = QueryOptions(LOG_ID, 4, lambda: "", dict, "1")
    service = QueryService(store, options)
    errors: list[ServiceError] = []

    def read() -> None:
        with pytest.raises(ServiceError) as ended:
            wait(service, context(position(events_0=1), seconds=60.0))
        errors.append(ended.value)

    reader = threading.Thread(target=read)
    reader.start()
    service.close()
    reader.join(timeout=30)
    assert "stopping" in errors[0].message
    assert errors[0].error_code == "TEMPORARILY_UNAVAILABLE"


def test_server_info(empty: Tables, service: QueryService, ctx: CallContext) -> None:
    empty.insert("applied", ("events", 0, 5))
    info = service.get_server_info(tracking.GetServerInfoRequest(), ctx)
    assert info == tracking.ServerInfo(
        product="runstream",
        version="1.2.3",
        log_id=LOG_ID,
        partitions=4,
        http_address="http://here",
        end=position(events_0=7, registry_0=2),
        applied=position(events_0=5),
    )
