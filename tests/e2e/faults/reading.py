"""Reads everything back through the SDK, and compares. A process of its own.

python -m tests.e2e.faults.reading FOLDER      of the ledgers; answers in JSON
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import runstream
from runstream.cli.calls import Calls
from runstream.entities import Run, ViewType
from runstream.exceptions import MlflowException
from runstream.tracking import MlflowClient
from tests.e2e.faults.comparison import Found, Tally
from tests.e2e.faults.ledger import Ledger, Noted
from tests.e2e.faults.streams import EXPERIMENT, STATED, TIMED, Point, Stream

_AT_ONCE = 3


class Reader:
    """Of one installation."""

    def __init__(self) -> None:
        self._client = MlflowClient()
        self._calls = Calls(runstream.get_tracking_uri())

    def read(self, noted: tuple[Noted, bool]) -> Found | str:
        """All there is of a run; or why that cannot be read."""
        try:
            return self._run(noted[0].run_id)
        except MlflowException as error:
            return str(error)

    def _run(self, run_id: str) -> Found:
        run = self._client.get_run(run_id)
        report = self._calls.verify_run(run_id)
        return Found(
            name=run.info.run_name or "",
            status=run.info.status,
            experiment=run.info.experiment_id,
            verdict="" if report.complete else report.verdict,
            points=dict(self._points(run)),
            latest=run.data.metrics,
            tags=run.data.tags,
            params=run.data.params,
            artifacts=self._artifacts(run_id),
        )

    def runs(self, experiments: list[str]) -> dict[str, str]:
        """Id → name of every run, deleted or not."""
        found: dict[str, str] = {}
        token: str | None = None
        while token != "":
            page = self._client.search_runs(
                experiments, run_view_type=ViewType.ALL, page_token=token or None
            )
            found.update((run.info.run_id, run.info.run_name or "") for run in page)
            token = page.token or ""
        return found

    def experiments(self) -> list[tuple[str, str]]:
        """Name and id of all."""
        found = self._client.search_experiments(view_type=ViewType.ALL)
        return [(one.name, one.experiment_id) for one in found]

    def _points(self, run: Run) -> Iterator[tuple[str, list[Point]]]:
        for key in {TIMED, *STATED, *run.data.metrics}:
            history = self._client.get_metric_history(run.info.run_id, key)
            if history:
                yield key, [Point(one.step, one.value, one.timestamp) for one in history]

    def _artifacts(self, run_id: str) -> dict[str, bytes]:
        if not self._client.list_artifacts(run_id):
            return {}
        with tempfile.TemporaryDirectory(prefix="runstream-faults-") as folder:
            there = Path(self._client.download_artifacts(run_id, "", dst_path=folder))
            return {
                path.relative_to(there).as_posix(): hashlib.sha256(path.read_bytes()).digest()
                for path in there.rglob("*")
                if path.is_file()
            }


def compare(folder: Path) -> Tally:
    """Every run that a ledger has."""
    reader, tally = Reader(), Tally()
    ledgers = [
        Ledger(path, int(path.stem.rpartition("-")[2])) for path in folder.glob("trainer-*.ledger")
    ]
    noted = [(run, ledger.large) for ledger in ledgers for run in ledger.runs()]
    experiments = reader.experiments()
    ours = [number for name, number in experiments if name == EXPERIMENT]
    if len(ours) != 1:
        tally.problems.append(f"{len(ours)} experiments are called {EXPERIMENT!r}: {ours}")

    with ThreadPoolExecutor(_AT_ONCE) as many:
        for (run, large), found in zip(noted, many.map(reader.read, noted), strict=True):
            if isinstance(found, str):
                tally.problems.append(f"{run.stream.name} ({run.run_id}): {found}")
                continue
            tally.add(run, found, large)
            if found.experiment not in ours:
                tally.problems.append(f"{run.stream.name} is in experiment {found.experiment}")
    there = reader.runs([number for _, number in experiments])
    tally.problems += _unknown(there, ledgers, {run.run_id for run, _ in noted})
    return tally


def _unknown(there: dict[str, str], ledgers: list[Ledger], known: set[str]) -> Iterator[str]:
    """Runs that nobody logged; one that was being started when its trainer was killed may be."""
    flying = {Stream(ledger.trainer, ledger.count).name for ledger in ledgers}
    for run_id, name in there.items():
        if run_id not in known and name not in flying:
            yield f"run {run_id} ({name}) was never started"


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(compare(Path(sys.argv[1])))))
