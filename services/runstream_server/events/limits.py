"""Every limit of what is written, unit in the name, reason beside it.

The SDK checks the same ones at the call; a test pins that they agree.
"""

from __future__ import annotations

# ---- Sizes: all of them derive from the first. ----

# One record of the log. Large enough that the commit is paid once for 100,000
# points, small enough for every broker and for memory of many in flight.
RECORD_MAX_BYTES = 4 * 1024 * 1024
# A gRPC message: a record, an answer of a read, and framing.
MESSAGE_MAX_BYTES = 2 * RECORD_MAX_BYTES
# What ingest adds to a record: three small fields, the longest an id.
STAMP_MAX_BYTES = 256

# ---- A batch ----

# The order of events is offset * 2**20 + index, in 64 bits.
EVENTS_PER_BATCH = 2**20 - 1
PRODUCER_ID_BYTES = 16
# Part of a table's key, as metric names are.
SOURCE_CHARACTERS = 250
# A refusal travels in trailing metadata, of which clients take 8 KB.
REFUSED_INDEXES_NAMED = 500
# How much of a refused value a message repeats.
SHOWN_VALUE_CHARACTERS = 60

# ---- Fields: MLflow's limits where it has one. ----

KEY_CHARACTERS = 250
PARAM_VALUE_CHARACTERS = 6000
TAG_VALUE_CHARACTERS = 8000
EXPERIMENT_NAME_CHARACTERS = 500
EXPERIMENT_TAG_VALUE_CHARACTERS = 20_000
ARTIFACT_LOCATION_CHARACTERS = 2048
DATASET_NAME_CHARACTERS = 500
DATASET_DIGEST_CHARACTERS = 36
DATASET_SOURCE_CHARACTERS = 65_535
DATASET_SCHEMA_CHARACTERS = 1_048_575
DATASET_PROFILE_CHARACTERS = 16_777_215
INPUT_TAG_KEY_CHARACTERS = 255
INPUT_TAG_VALUE_CHARACTERS = 500
# MLflow's column for it.
USER_ID_CHARACTERS = 256
# The name is a tag as well (mlflow.runName).
RUN_NAME_CHARACTERS = TAG_VALUE_CHARACTERS
# Host names, model names and types, ids of other systems.
NAME_CHARACTERS = 500
# Free text for people: why a batch is void, a model's status message.
SENTENCE_CHARACTERS = 8000

# Object stores have no longer keys.
ARTIFACT_PATH_BYTES = 1024
OBJECT_KEY_BYTES = 1024
# File systems have no longer names.
ARTIFACT_NAME_BYTES = 255
SHA256_BYTES = 32

# Experiment ids are int64 in every table.
ID_DIGITS = 18
