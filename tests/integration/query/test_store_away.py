"""A read while ClickHouse is away may be repeated, and says so at every door."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.applications import Starlette

from runstream.error_codes import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.activity import Activity
from runstream_server.calls import Services, Watchers
from runstream_server.errors import ServiceError
from runstream_server.gateway.app import Site, application
from runstream_server.query.service import QueryOptions, QueryService
from runstream_server.rpc.client import RpcClient
from runstream_server.rpc.server import RpcServer
from runstream_server.service import CallContext
from runstream_server.store.engine import Store
from runstream_server.store.open import open_store
from runstream_server.store.server_engine import ServerPolicy
from runstream_server.telemetry import Telemetry
from tests.integration.query.tables import LOG_ID
from tests.servers.clickhouse import ClickHouse
from tests.servers.fixtures_clickhouse import fresh_address
from tests.unit.gateway.http import call

PASSWORD = "ge heim&@1"
RUN = "a" * 32


class There(NamedTuple):
    clickhouse: ClickHouse
    store: Store
    client: RpcClient
    app: Starlette


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    clickhouse = ClickHouse(tmp_path / "engine", password=PASSWORD)
    clickhouse.start()
    store = open_store(fresh_address(clickhouse.url), policy=ServerPolicy(retry_within_seconds=0.0))
    options = QueryOptions(LOG_ID, 4, lambda: "", dict, "1")
    watchers = Watchers(Telemetry(), Activity())
    services = Services(query=QueryService(store, options))
    server = RpcServer(services, watchers, "127.0.0.1:0", None, None)
    server.start()
    client = RpcClient([f"127.0.0.1:{server.port}"])
    site = Site(dict, lambda: "", watchers.telemetry, watchers.activity, services=services)
    yield There(clickhouse, store, client, application(site))
    client.close()
    server.close(0.0)
    store.terminate()
    clickhouse.kill()


def over_grpc(there: There) -> ServiceError:
    request = tracking.GetRunRequest(run_id=RUN)
    with pytest.raises(ServiceError) as caught:
        there.client.query.get_run(request, CallContext(None, time.monotonic() + 60))
    return caught.value


def over_http(there: There) -> tuple[int, dict[str, str]]:
    body = tracking.GetRunRequest(run_id=RUN).SerializeToString()
    answer = call(there.app, "POST", "/runstream/v1/call/Query/GetRun", [body])
    return answer.status, answer.json()


def test_away(there: There) -> None:
    there.clickhouse.kill()
    error = over_grpc(there)
    assert (error.error_code, error.retry_after_ms) == (TEMPORARILY_UNAVAILABLE, 1000)
    assert "ClickHouse is away" in error.message
    assert "every read may be repeated" in error.message
    status, said = over_http(there)
    assert (status, said["error_code"]) == (503, TEMPORARILY_UNAVAILABLE)
    assert said["message"] == error.message
    there.clickhouse.start()
    assert over_grpc(there).error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_fault_that_stays(there: There) -> None:
    there.store.command("DROP TABLE generations SYNC")
    error = over_grpc(there)
    assert error.error_code == INTERNAL_ERROR
    status, said = over_http(there)
    assert (status, said["error_code"]) == (500, INTERNAL_ERROR)
    for message in (error.message, said["message"]):
        assert "generations" not in message
        assert "SELECT" not in message
        assert PASSWORD not in message
