"""`make chaos`: faults by a seeded plan, then every byte is compared.

python -m tests.e2e.faults [--size cluster|embedded] [--seed N] [--rounds N]

A round is every fault once. Exit status 0 only when nothing was lost, doubled or
out of order; the last line says so.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.e2e.faults.chaos import chaos
from tests.e2e.faults.nodes import Work
from tests.e2e.faults.plan import deck, one_of_each_kind, plan
from tests.servers.cluster import missing


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", choices=("cluster", "embedded"), default="cluster")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="one target for each kind")
    parser.add_argument("--only", default="", help="faults that have this word")
    parser.add_argument("--calls", type=int, default=Work.calls, help="of a run")
    given = parser.parse_args()
    if given.size == "cluster" and (reason := missing()):
        sys.exit(reason)
    logging.disable()  # what our own clients of the broker say of its end is no news here
    faults = one_of_each_kind(given.size) if given.small else deck(given.size)
    faults = tuple(one for one in faults if given.only in " ".join(one))
    planned = plan(given.seed, given.rounds, faults)
    report = chaos(
        given.size, planned, Work(calls=given.calls), lambda line: print(line, flush=True)
    )
    for sentence in report.ended:
        print(f"ended by itself: {sentence}")
    for sentence, count in report.impossible.items():
        print(f"not possible, {count} times: {sentence}")
    for problem in report.all_problems:
        print(f"PROBLEM {problem}")
    print(f"seed {given.seed}: {report.line()}")
    return 1 if report.all_problems else 0


if __name__ == "__main__":
    sys.exit(main())
