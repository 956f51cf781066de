"""Limits that the SDK checks at the call, each with its reason.

The server checks the same ones again: what passes here is not refused there.
"""

from __future__ import annotations

KEY_LENGTH_CHARACTERS = 250
"""Of metrics, params and tags: MLflow's limit."""

PARAM_VALUE_LENGTH_CHARACTERS = 6000
"""MLflow's limit; a longer value is cut there too."""

TAG_VALUE_LENGTH_CHARACTERS = 8000
"""MLflow's limit; a longer value is cut there too."""

EXPERIMENT_NAME_LENGTH_CHARACTERS = 500
"""MLflow's limit."""

EXPERIMENT_TAG_VALUE_LENGTH_CHARACTERS = 20_000
"""MLflow's limit."""

ARTIFACT_LOCATION_LENGTH_CHARACTERS = 2048
"""MLflow's limit."""

ARTIFACT_PATH_LENGTH_BYTES = 1024
"""Object stores have no longer keys."""

ARTIFACT_NAME_LENGTH_BYTES = 255
"""File systems have no longer names."""

EXPERIMENT_ID_LENGTH_DIGITS = 18
"""Experiment ids are 64-bit integers in every table."""

USER_ID_LENGTH_CHARACTERS = 256
"""MLflow's limit."""

SOURCE_LENGTH_CHARACTERS = 250
"""It is part of a table's key, as metric names are."""

DATASET_NAME_LENGTH_CHARACTERS = 500
"""MLflow's limit."""

DATASET_DIGEST_LENGTH_CHARACTERS = 36
"""MLflow's limit."""

INPUT_TAG_KEY_LENGTH_CHARACTERS = 255
INPUT_TAG_VALUE_LENGTH_CHARACTERS = 500
"""MLflow's limits for tags of inputs."""

MODEL_NAME_LENGTH_CHARACTERS = 500
"""Of names, types and ids of logged models."""

STEP_MIN = -(2**63)
STEP_MAX = 2**63 - 1
"""Steps and timestamps are 64-bit integers in every table."""

TIMESTAMP_MAX_MS = 2**63 - 1

SEARCH_MAX_RESULTS = 50_000
"""Of one page: MLflow's limit."""

EVENT_BYTES = 256 * 1024
"""Many params or tags of one call are cut into events of about this size, so
that a batch (at most 4 MB) is never exceeded by a single event."""

SHOWN_VALUE_CHARACTERS = 100
"""How much of a refused value an error message repeats."""
