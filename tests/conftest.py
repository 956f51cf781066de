"""What holds for every test: an environment of its own, no network in the pure parts, timings.

Parts are the folders below `tests/`. Those in `ISOLATED` open no network socket:
what needs one belongs to `integration` or `e2e`. Apart from those that are marked
`servers`: a contract is tried on real servers too.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

ROOT = Path(__file__).resolve().parent.parent
ISOLATED = ("unit", "contract")

# Real servers, started once for the tests that ask for them.
pytest_plugins = [
    "tests.servers.fixtures_clickhouse",
    "tests.servers.fixtures_kafka",
    "tests.servers.fixtures_nginx",
    "tests.servers.fixtures_s3",
]
settings.register_profile(
    "runstream",
    # Machines differ: a slow example is no failure.
    deadline=None,
    print_blob=True,
    database=DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"),
)
settings.load_profile("runstream")


def part_of(path: Path) -> str:
    """The part a test file belongs to: "unit", "contract", …"""
    return path.relative_to(ROOT / "tests").parts[0]


# ---- No network in the isolated parts ----


class _Network:
    """Whether the test in hand may open a network socket. An audit hook cannot be removed."""

    allowed = True


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _Network.allowed or event not in ("socket.bind", "socket.connect"):
        return
    address = arguments[1]
    # Addresses of Unix sockets are strings or bytes, those of the network tuples.
    if isinstance(address, tuple):
        raise RuntimeError(
            f"{event} {address!r}: tests in {' and '.join(ISOLATED)} open no network socket; "
            "move the test to tests/integration"
        )


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _network(request: pytest.FixtureRequest) -> Iterator[None]:
    isolated = part_of(request.path) in ISOLATED
    _Network.allowed = not isolated or request.node.get_closest_marker("servers") is not None
    yield
    _Network.allowed = True


# ---- Nothing of the developer's own environment, nothing into it ----


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Without the caller's RUNSTREAM_* and MLFLOW_* variables, and with a spool for this session.

    RUNSTREAM_TEST_* say where the servers for tests are, and stay.
    Tests that log set RUNSTREAM_SPOOL_DIR to a folder of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            ours = name.startswith(("RUNSTREAM_", "MLFLOW_"))
            if ours and not name.startswith("RUNSTREAM_TEST_"):
                patch.delenv(name)
        patch.setenv("RUNSTREAM_SPOOL_DIR", str(tmp_path_factory.mktemp("spool")))
        yield


# ---- How long each part took ----


_seconds: defaultdict[str, float] = defaultdict(float)
_tests: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    part = part_of(ROOT / report.nodeid.partition("::")[0])
    _seconds[part] += report.duration
    _tests[part] += report.when == "call"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    parts = (f"{part} {_tests[part]} in {_seconds[part]:.1f} s" for part in _tests)
    terminalreporter.write_line(f"tests: {' · '.join(parts)}")
