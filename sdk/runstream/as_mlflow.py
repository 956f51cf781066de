"""Run a script in which `import mlflow` is Runstream.

python -m runstream.as_mlflow script.py [ARGUMENT …]
python -m runstream.as_mlflow -m module [ARGUMENT …]
"""

from __future__ import annotations

import os
import runpy
import sys
from types import ModuleType

from runstream import compat

_USAGE = (
    "usage: python -m runstream.as_mlflow script.py [ARGUMENT ...]\n"
    "       python -m runstream.as_mlflow -m module [ARGUMENT ...]\n"
)


def main(arguments: list[str]) -> int:
    """Become the script. Processes that it starts import Runstream as mlflow too."""
    if not arguments or arguments[0] in ("-h", "--help") or arguments == ["-m"]:
        sys.stderr.write(_USAGE)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    earlier = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (compat.FOLDER, earlier)))
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path[0] = os.getcwd()
        compat.install()
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path[0] = os.path.dirname(os.path.abspath(arguments[0]))
        compat.install()
        _run_script(arguments[0])
    return 0


def _run_script(path: str) -> None:
    """As `python path` does: what it defines can be pickled, child processes find it."""
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    script = ModuleType("__main__")
    script.__file__ = path
    sys.modules["__main__"] = script
    exec(code, vars(script))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
