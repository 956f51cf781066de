"""An error as a status, by the one table."""

from __future__ import annotations

import grpc
import pytest

from runstream.error_codes import RESOURCE_EXHAUSTED, STATUS
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.calls import internal
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.rpc import errors


@pytest.mark.parametrize("code", STATUS)
def test_every_code_has_its_status(code: str) -> None:
    assert errors.answer(ServiceError(code, "why")).code.value[0] == STATUS[code].grpc


def test_the_detail_is_machine_readable() -> None:
    error = ServiceError(
        RESOURCE_EXHAUSTED, "why", ErrorPlace("f", "3 bytes", [1, 5]), retry_after_ms=200
    )
    answer = errors.answer(error)
    ((name, value),) = answer.metadata
    assert name == "runstream-error-bin"
    assert tracking.ErrorDetail.FromString(value) == tracking.ErrorDetail(
        error_code=RESOURCE_EXHAUSTED,
        field="f",
        limit="3 bytes",
        retry_after_ms=200,
        event_indexes=[1, 5],
    )


def test_what_is_long_is_cut() -> None:
    place = ErrorPlace("f" * 10_000, "l" * 10_000, range(500))
    answer = errors.answer(ServiceError("INVALID_PARAMETER_VALUE", "ü" * 10_000, place))
    assert len(answer.message) + len(answer.metadata[0][1]) < 6000


def test_our_own_faults_say_little() -> None:
    error = internal(KeyError("secret"))
    assert errors.answer(error).code is grpc.StatusCode.INTERNAL
    assert "secret" not in error.message
    assert "KeyError" in error.message


def test_an_unknown_code_is_ours() -> None:
    assert errors.answer(ServiceError("NEW", "why")).code is grpc.StatusCode.INTERNAL
