"""Health, version, the well-known address, measures."""

from __future__ import annotations

from starlette.applications import Starlette

from runstream_server.activity import Activity
from runstream_server.gateway.app import Site, application
from runstream_server.telemetry import BATCHES_ACCEPTED, Telemetry
from runstream_server.version import program_version
from tests.unit.gateway.http import call

WELL_KNOWN: dict[str, object] = {
    "product": "runstream",
    "version": "1.2",
    "log_id": "l",
    "grpc_port": 5001,
}


def app(fault: str = "", telemetry: Telemetry | None = None) -> Starlette:
    return application(
        Site(lambda: WELL_KNOWN, lambda: fault, telemetry or Telemetry(), Activity())
    )


def test_health() -> None:
    well = call(app(), "GET", "/health")
    assert (well.status, well.json()) == (200, {"status": "ok"})
    ill = call(app("the tables stand still"), "GET", "/health")
    assert (ill.status, ill.json()["reason"]) == (503, "the tables stand still")


def test_who_we_are() -> None:
    assert call(app(), "GET", "/.well-known/runstream").json() == WELL_KNOWN
    assert call(app(), "GET", "/version").body == program_version().encode()


def test_ready_is_health_where_nothing_else_is_said() -> None:
    assert call(app(), "GET", "/ready").status == 200
    assert call(app("the tables stand still"), "GET", "/ready").status == 503
    site = Site(dict, lambda: "", Telemetry(), Activity(), unready=lambda: "it is starting")
    starting = call(application(site), "GET", "/ready")
    assert (starting.status, starting.json()["reason"]) == (503, "it is starting")
    assert call(application(site), "GET", "/health").status == 200


def test_measures() -> None:
    telemetry = Telemetry()
    telemetry.count(BATCHES_ACCEPTED, 3)
    answer = call(app(telemetry=telemetry), "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"runstream_batches_accepted_total 3\n" in answer.body


def test_what_is_not_there() -> None:
    assert call(app(), "GET", "/nothing").status == 404
    assert call(app(), "PUT", "/blobs/x").status == 404
