"""Ids: which forms are taken, and the ones that are computed."""

from __future__ import annotations

import hashlib
import re

REGISTRY_STREAM = "registry"
DEFAULT_EXPERIMENT_ID = 0
DEFAULT_EXPERIMENT_NAME = "Default"

_RUN = re.compile(r"[0-9a-f]{32}")
_MODEL_STREAM = re.compile(r"m-[0-9a-f]{32}")


def is_run_id(text: str) -> bool:
    """32 lower-case hex characters."""
    return _RUN.fullmatch(text) is not None


def is_model_stream(text: str) -> bool:
    """A logged model without a run: "m-" and 32 hex characters."""
    return _MODEL_STREAM.fullmatch(text) is not None


def is_upload_id(text: str) -> bool:
    """32 lower-case hex characters."""
    return _RUN.fullmatch(text) is not None


def provisional_experiment_id(name: str) -> int:
    """The id that a client uses for a name while the registry is out of reach.

    18 digits, a pure function of the name: the registry knows it as an alias
    of the experiment that holds the name.
    """
    head = hashlib.sha256(name.encode()).digest()[:8]
    return int.from_bytes(head, "big") % (9 * 10**17) + 10**17
