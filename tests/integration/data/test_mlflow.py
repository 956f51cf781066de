"""Digest, schema, profile and source are MLflow's, character for character.

Against the real package, where `make bench` has put it; else skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).parent / "described.py"
MLFLOW = ROOT / "build" / "mlflow-venv" / "bin" / "python"


def described(python: Path | str, library: str) -> dict[str, Any]:
    done = subprocess.run(
        [python, SCRIPT, library],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_datasets_are_described_as_by_mlflow() -> None:
    if not MLFLOW.exists():
        pytest.skip(f"MLflow is not installed in {MLFLOW.parent.parent.name}: `make bench` does it")
    ours, theirs = described(sys.executable, "runstream"), described(MLFLOW, "mlflow")
    # Of git we tell the commit, MLflow more or, without a package for it, nothing.
    for one in (ours, theirs):
        tags = json.loads(one["code"]["source"])["tags"]
        one["code"]["source"] = {key: tags[key] for key in tags if ".git." not in key}
    assert ours.keys() == theirs.keys()
    assert {name: ours[name] for name in ours if ours[name] != theirs[name]} == {}
