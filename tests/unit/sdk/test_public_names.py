"""What `import runstream` gives, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import runstream
from runstream._lazy import MODULES, PLACES

_TEXT = """
ActiveRun Experiment Image MlflowClient MlflowException Run __version__ active_run artifacts compat
create_experiment delete_experiment delete_experiment_tag delete_run delete_tag end_run entities
exceptions flush flush_artifact_async_logging flush_async_logging get_artifact_uri get_experiment
get_experiment_by_name get_parent_run get_run get_tracking_uri is_tracking_uri_set last_active_run
list_experiments list_run_infos load_table log_artifact log_artifacts log_dict log_figure log_image
log_metric log_metrics log_param log_params log_stream log_table log_text restore_experiment
restore_run search_experiments search_runs set_experiment set_experiment_tag set_experiment_tags
set_tag set_tags set_tracking_uri start_run tracking
"""
NAMES = _TEXT.split()


def test_the_public_names() -> None:
    assert sorted(runstream.__all__) == sorted(NAMES)
    assert dir(runstream) == sorted({*PLACES, *MODULES}) == sorted(NAMES)


def test_every_name_is_there_and_documented() -> None:
    for name in NAMES:
        found = getattr(runstream, name)
        assert name == "__version__" or found.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'log_everything'"):
        _ = runstream.log_everything


def test_the_version_is_that_of_the_distribution() -> None:
    assert runstream.__version__ == version("runstream")


def test_importing_loads_no_library() -> None:
    code = (
        "import sys, runstream; runstream.start_run; "
        "print([m for m in ('grpc', 'pandas', 'numpy', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
    code = "import sys, runstream; print(any(m.startswith('google') for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
