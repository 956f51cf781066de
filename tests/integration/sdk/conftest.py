"""The SDK in the test's own process, with a real agent and an embedded server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.harness import World, new_world
from tests.unit.sdk.conftest import forget_everything


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One installation for the tests of a module; this process is its trainer."""
    with new_world() as new, pytest.MonkeyPatch.context() as patch:
        uri = new.server().uri
        for name, value in new.environment(uri).items():
            if name.startswith("RUNSTREAM_"):
                patch.setenv(name, value)
        patch.chdir(new.folder)
        tracking = new.environment(uri)["RUNSTREAM_TRACKING_URI"]
        forget_everything()
        patch.setenv("RUNSTREAM_TRACKING_URI", tracking)
        yield new
        forget_everything()
