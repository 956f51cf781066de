"""What `make demo` runs: it trains, tracks, and finds all of it complete."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import joblib

from tests.e2e.harness import new_world

DEMO = Path(__file__).resolve().parents[2] / "examples" / "digits.py"
PATIENCE_SECONDS = 180


def test_the_demo_trains_and_verifies() -> None:
    with new_world() as world:
        data = world.folder / "data"
        done = subprocess.run(
            [sys.executable, str(DEMO), str(data)],
            env=world.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert "5 models trained" in done.stdout
        assert ": complete\n" in done.stdout
        models = list(data.glob("artifacts/*/*/artifacts/model.joblib"))
        assert len(models) == 5
        assert joblib.load(models[0]).classes_.tolist() == list(range(10))
        plots = data.glob("artifacts/*/*/artifacts/losses.png")
        assert all(plot.read_bytes().startswith(b"\x89PNG") for plot in plots)
