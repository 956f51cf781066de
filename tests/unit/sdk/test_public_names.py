"""What `import runstream` gives, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import runstream
from runstream._lazy import MODULES, PLACES

_TEXT = """
ActiveModel ActiveRun Experiment Image MlflowClient MlflowException Run __version__ active_run
artifacts clear_active_model compat create_experiment create_external_model data delete_experiment
delete_experiment_tag delete_logged_model_tag delete_run delete_tag end_run entities exceptions
finalize_logged_model flush flush_artifact_async_logging flush_async_logging get_active_model_id
get_artifact_uri get_experiment get_experiment_by_name get_logged_model get_parent_run get_run
get_tracking_uri initialize_logged_model is_tracking_uri_set last_active_run last_logged_model
list_experiments list_run_infos load_table log_artifact log_artifacts log_dict log_figure log_image
log_input log_inputs log_metric log_metrics log_model_params log_outputs log_param log_params
log_stream log_table log_text restore_experiment restore_run search_experiments search_logged_models
search_runs set_active_model set_experiment set_experiment_tag set_experiment_tags
set_logged_model_tags set_tag set_tags set_tracking_uri start_run tracking
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
