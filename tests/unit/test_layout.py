"""The shape of the code: short files, nothing left for later, `__init__` without code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("sdk", "services", "tests", "examples")
MOST_LINES = 300

# Path → why a reader would rather have one long file than two.
LONG_FILES: dict[str, str] = {}

LEFT_FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "_pb2" not in path.name:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_files_are_short() -> None:
    long = {
        name_of(path): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}
    assert sorted(LONG_FILES) == sorted(long), "no longer long: take it off the list"


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in sources()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LEFT_FOR_LATER.search(line)
    ]
    assert found == []


def only_exports(node: ast.stmt) -> bool:
    """Whether a statement of an `__init__` imports, names or documents."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" and all(map(only_exports, node.body))
    if isinstance(node, ast.FunctionDef):
        return node.name in ("__getattr__", "__dir__")
    documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return documents or isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)


@pytest.mark.parametrize("package", ["sdk", "services"])
def test_packages_hold_no_code_in_init(package: str) -> None:
    """Re-exports only; lazily through `__getattr__` where import time counts."""
    with_code = [
        name_of(path)
        for path in (ROOT / package).rglob("__init__.py")
        if not all(map(only_exports, ast.parse(path.read_text()).body))
    ]
    assert with_code == []


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without `__init__.py` is left out of the import contracts."""
    missing = {
        name_of(path.parent)
        for folder in ("sdk/runstream", "services/runstream_server")
        for path in (ROOT / folder).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert missing == set()
