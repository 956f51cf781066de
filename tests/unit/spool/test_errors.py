"""What a training script can catch."""

from __future__ import annotations

import pickle

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream.exceptions import MlflowException
from runstream.spool.errors import SpoolFull


def test_a_full_spool_is_an_mlflow_exception() -> None:
    error = pickle.loads(pickle.dumps(SpoolFull("the disk is full")))
    assert isinstance(error, MlflowException)
    assert error.error_code == RESOURCE_EXHAUSTED
    assert str(error) == "RESOURCE_EXHAUSTED: the disk is full"
