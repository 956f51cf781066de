"""What the agent inherits from the process that starts it: little. Pure.

It outlives its starter and serves others, so nothing that is true for one run
may come along, and nothing that changes what Python or the loader do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

# Names that are passed on: where things are, language, proxies, certificates.
_KEPT = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "CONDA_PREFIX",
        "VIRTUAL_ENV",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "XDG_RUNTIME_DIR",
        "SYSTEMROOT",
    ]
)
_KEPT_PREFIXES = ("LC_", "GRPC_", "RUNSTREAM_AGENT_", "RUNSTREAM_SPOOL_", "RUNSTREAM_SERVER_")

AGENT_MARK = "RUNSTREAM_AGENT"
PYTHON_VARIABLE = "RUNSTREAM_AGENT_PYTHON"


def agent_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the agent and of all that it starts."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    kept[AGENT_MARK] = "1"
    return kept


def is_agent(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is an agent or was started by one: it starts no other."""
    return bool(environ.get(AGENT_MARK))


def import_path(entries: Iterable[str], package_root: str, last: Iterable[str]) -> list[str]:
    """The agent's sys.path behind the standard library's: absolute, nothing twice.

    entries: the starter's sys.path. package_root: the folder that holds the
    `runstream` package; it comes first. last: folders of the user's own code
    (script, working folder), where a file may have the name of a package.
    """
    at_end = {os.path.abspath(folder) for folder in last if folder}
    ordered = [package_root]
    late: list[str] = []
    for entry in entries:
        if not entry:
            continue
        absolute = os.path.abspath(entry)
        target = late if absolute in at_end else ordered
        if absolute not in ordered and absolute not in late:
            target.append(absolute)
    return ordered + late


def interpreter(environ: Mapping[str, str] = os.environ) -> str | None:
    """The Python that the agent runs on; None when it is not known.

    A frozen program or an embedding one has no interpreter that could run
    `-c`; RUNSTREAM_AGENT_PYTHON names one.
    """
    given = environ.get(PYTHON_VARIABLE)
    if given:
        return given if os.access(given, os.X_OK) else None
    executable = sys.executable or ""
    name = os.path.basename(executable).lower()
    if getattr(sys, "frozen", False) or not name.startswith(("python", "pypy")):
        return None
    return executable if os.access(executable, os.X_OK) else None
