"""The form of a logged model's id, and how the tables keep it."""

from __future__ import annotations

import re

_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")


def is_model_id(text: str) -> bool:
    """Can a logged model have this id?"""
    return _MODEL_ID.fullmatch(text) is not None


def hex_of(model_id: str) -> str:
    """The 32 characters that the tables of models know it by."""
    return model_id[2:]


def model_id_text(column: str) -> str:
    """The id as it is known, from a column of one of those tables."""
    return f"concat('m-', lower(hex(UUIDToNum({column}))))"
