"""Tags that every run gets: who, from which file, at which commit.

Read once per process: neither user nor script nor commit changes under it.
"""

from __future__ import annotations

import getpass
import os
import sys
from functools import lru_cache
from pathlib import Path

from runstream._config import config

RUN_NAME = "mlflow.runName"
NOTE = "mlflow.note.content"
PARENT_RUN_ID = "mlflow.parentRunId"
USER = "mlflow.user"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
GIT_COMMIT = "mlflow.source.git.commit"
LOGGED_ARTIFACTS = "mlflow.loggedArtifacts"
LOGGED_IMAGES = "mlflow.loggedImages"


@lru_cache(maxsize=1)
def system_tags() -> dict[str, str]:
    """The tags of this process; callers copy them."""
    name = _script()
    tags = {USER: user(), SOURCE_NAME: name, SOURCE_TYPE: _source_type()}
    commit = git_commit(Path(name).parent if os.path.exists(name) else Path.cwd())
    if commit:
        tags[GIT_COMMIT] = commit
    tags.update(config().run_context)
    return tags


@lru_cache(maxsize=1)
def user() -> str:
    """Name of the user; "unknown" when the system has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def _script() -> str:
    script = sys.argv[0] if sys.argv else ""
    return "<console>" if script in {"", "-c"} else script


def _source_type() -> str:
    return "NOTEBOOK" if "ipykernel" in sys.modules else "LOCAL"


def git_commit(folder: Path) -> str:
    """The commit checked out where `folder` lies; empty when there is none."""
    try:
        git = _git_folder(folder.resolve())
        return "" if git is None else _commit(git)
    except (OSError, UnicodeDecodeError):
        return ""


def _git_folder(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return git
        if git.is_file():  # a worktree or a submodule
            head, _, target = git.read_text().strip().partition(": ")
            return place / target if head == "gitdir" else None
    return None


def _commit(git: Path) -> str:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return _hash(head)
    name = head.removeprefix("ref: ")
    common = git
    if (git / "commondir").is_file():
        common = git / (git / "commondir").read_text().strip()
    for place in (git, common):
        if (place / name).is_file():
            return _hash((place / name).read_text().strip())
    return _packed(common, name)


def _packed(git: Path, name: str) -> str:
    packed = git / "packed-refs"
    if not packed.is_file():
        return ""
    for line in packed.read_text().splitlines():
        commit, _, reference = line.partition(" ")
        if reference == name:
            return _hash(commit)
    return ""


def _hash(text: str) -> str:
    well_formed = len(text) in {40, 64} and all(c in "0123456789abcdef" for c in text)
    return text if well_formed else ""
