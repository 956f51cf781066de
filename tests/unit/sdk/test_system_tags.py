"""Who, from which file, at which commit."""

from __future__ import annotations

from pathlib import Path

from runstream import _system_tags

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def repository(folder: Path, head: str) -> Path:
    git = folder / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    return git


def test_a_branch(tmp_path: Path) -> None:
    git = repository(tmp_path, "ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text(f"{COMMIT}\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert _system_tags.git_commit(tmp_path / "deep" / "er") == COMMIT


def test_a_packed_branch(tmp_path: Path) -> None:
    git = repository(tmp_path, "ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n")
    assert _system_tags.git_commit(tmp_path) == COMMIT


def test_a_detached_head(tmp_path: Path) -> None:
    repository(tmp_path, f"{COMMIT}\n")
    assert _system_tags.git_commit(tmp_path) == COMMIT


def test_a_worktree(tmp_path: Path) -> None:
    git = repository(tmp_path / "main", "ref: refs/heads/main\n")
    (git / "refs" / "heads" / "topic").write_text(COMMIT)
    own = git / "worktrees" / "topic"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/topic\n")
    (own / "commondir").write_text("../..\n")
    tree = tmp_path / "topic"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own}\n")
    assert _system_tags.git_commit(tree) == COMMIT


def test_no_commit(tmp_path: Path) -> None:
    repository(tmp_path / "fresh", "ref: refs/heads/main\n")
    repository(tmp_path / "broken", "nonsense")
    assert _system_tags.git_commit(tmp_path / "fresh") == ""
    assert _system_tags.git_commit(tmp_path / "broken") == ""


def test_tags_of_this_process() -> None:
    tags = _system_tags.system_tags()
    assert tags["mlflow.user"] == _system_tags.user()
    assert tags["mlflow.source.name"]
    assert tags["mlflow.source.type"] in {"LOCAL", "NOTEBOOK"}
