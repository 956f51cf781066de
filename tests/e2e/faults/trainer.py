"""A trainer: logs one known run after another until it is told to stop, or killed.

python -m tests.e2e.faults.trainer LEDGER NUMBER CALLS_PER_SECOND CALLS_PER_RUN
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import runstream
from tests.e2e.faults.ledger import Ledger
from tests.e2e.faults.streams import EXPERIMENT, Call, Stream, call, content

# Between two pauses; a pause makes up for what went too fast.
_BEAT = 50


def log(stream: Stream, index: int, made: Call, file: Path, large: bool) -> None:
    """Makes the call."""
    if len(made.points) == 1:
        for key, value in made.points.items():
            runstream.log_metric(key, value, step=index)
    elif made.points:
        runstream.log_metrics(made.points, step=index, timestamp=made.timestamp_ms)
    elif made.param:
        runstream.log_param(*made.param)
    elif made.delete_tag:
        runstream.delete_tag(made.delete_tag)
    elif made.set_tags:
        runstream.set_tags(made.set_tags)
    else:
        folder, name = made.artifact.split("/")
        source = file.with_name(name)
        source.write_bytes(content(stream, index, large))
        runstream.log_artifact(str(source), artifact_path=folder)
        source.write_bytes(b"changed after the call")


def train(ledger: Ledger, stream: Stream, rate: float, calls: int, file: Path) -> None:
    """One run."""
    run = runstream.start_run(run_name=stream.name)
    ledger.begin(run.info.run_id)
    began = time.monotonic()
    for index in range(calls):
        log(stream, index, call(stream, index), file, ledger.large)
        ledger.done(index + 1)
        if index % _BEAT == 0:
            if ledger.stopping:
                break
            ahead = index / rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
            elif ahead < -1:  # it stood still: no burst to make up for it
                began -= ahead
    runstream.end_run(stream.status)
    ledger.end()


def main() -> None:
    path, number, rate, calls = sys.argv[1:]
    ledger = Ledger(Path(path), int(number))
    folder = Path(path).with_suffix(".files")
    folder.mkdir()
    runstream.set_experiment(EXPERIMENT)
    run = 0
    while not ledger.stopping:
        stream = Stream(int(number), run)
        train(ledger, stream, float(rate), int(calls), folder / "file")
        run += 1


if __name__ == "__main__":
    main()
