"""Back-pressure is a typed answer."""

from __future__ import annotations

import pytest

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream_server.errors import ServiceError
from runstream_server.ingest.admission import Admission


def test_what_does_not_fit_is_refused_with_a_delay() -> None:
    admission = Admission(max_bytes=100)
    with admission.admit(80):
        with pytest.raises(ServiceError) as caught, admission.admit(21):
            pytest.fail("was let in")
        assert caught.value.error_code == RESOURCE_EXHAUSTED
        assert caught.value.retry_after_ms > 0
        assert "100 bytes" in caught.value.place.limit
        with admission.admit(20):
            assert admission.in_flight_bytes() == 100
    assert admission.in_flight_bytes() == 0


def test_an_idle_server_takes_any_size() -> None:
    with Admission(max_bytes=1).admit(1000):
        pass


def test_room_comes_back_after_an_error() -> None:
    admission = Admission(max_bytes=100)
    with pytest.raises(KeyError), admission.admit(100):
        raise KeyError
    assert admission.in_flight_bytes() == 0
