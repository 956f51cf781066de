"""The program `runstream`: exit codes, and errors as sentences.

Exit codes: 0 well · 1 a negative answer (not found, refused, not complete) ·
2 wrong usage · 130 interrupted.
"""

from __future__ import annotations

import os
import sys

MISSING = (
    "The runstream command needs click and rich, which are not installed here: "
    "pip install 'runstream[cli]'"
)


def main() -> None:
    """Run the command line of this process, and exit."""
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError:
        sys.exit(MISSING)
    from runstream.cli.root import run

    code = run(sys.argv[1:])
    _flush_quietly()
    sys.exit(code)


def _flush_quietly() -> None:
    """Let `runstream … | head` end without a traceback at the interpreter's exit."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
