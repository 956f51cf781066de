"""Ids that the SDK makes."""

from __future__ import annotations

import hashlib
import os
import time


def new_run_id() -> str:
    """A UUIDv7 as 32 hex characters (RFC 9562): 48 bits of Unix ms, then random."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | random
    number = (number & ~(0xF << 76)) | (0x7 << 76)
    number = (number & ~(0x3 << 62)) | (0x2 << 62)
    return f"{number:032x}"


def new_model_id() -> str:
    """The id of a logged model: "m-" and the same."""
    return f"m-{new_run_id()}"


def new_upload_id() -> str:
    """32 random hex characters."""
    return os.urandom(16).hex()


def provisional_experiment_id(name: str) -> str:
    """The id of an experiment whose registry could not be asked: 18 digits.

    A pure function of the name; the server knows it as an alias.
    """
    head = hashlib.sha256(name.encode()).digest()[:8]
    return str(int.from_bytes(head, "big") % (9 * 10**17) + 10**17)


def is_provisional(experiment_id: str, name: str | None) -> bool:
    """Whether an id was made from the name, not given by the registry."""
    return name is not None and experiment_id == provisional_experiment_id(name)
