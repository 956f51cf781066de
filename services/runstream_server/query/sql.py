"""Small parts of statements: parameters, comparisons, what every query repeats.

Nothing that a caller sent is ever put into a statement: it goes through
`Parameters`, which gives back the placeholder to put there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# No RunCreated yet, no end time yet: the neutral elements of the columns.
NO_POSITION = 2**64 - 1
NO_ATTEMPT = -(2**63)

STATUS_NAMES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


class Parameters:
    """The values of one statement, by the names of their placeholders."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def add(self, value: Any, type_name: str) -> str:
        """Keeps the value; returns its placeholder."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{type_name}}}"

    def text(self, value: str) -> str:
        return self.add(value, "String")

    def integer(self, value: int) -> str:
        return self.add(value, "Int64")

    def number(self, value: int | float) -> str:
        """Exact: an integer as it is, a float by its own shortest spelling."""
        if isinstance(value, int):
            return self.integer(value)
        return self.add(repr(value), "Float64")

    def run(self, run_id: str) -> str:
        return self.add(run_id, "UUID")

    def runs(self, run_ids: Sequence[str]) -> str:
        return self.add(list(run_ids), "Array(UUID)")

    def integers(self, values: Sequence[int]) -> str:
        return self.add(list(values), "Array(Int64)")

    def texts(self, values: Sequence[str]) -> str:
        return self.add(list(values), "Array(String)")


def like_pattern(pattern: str) -> str:
    """MLflow's patterns have no escape; the engine's escape by backslash."""
    return pattern.replace("\\", "\\\\")


def compare_text(
    expression: str, comparator: str, value: str | Sequence[str], parameters: Parameters
) -> str:
    """A condition on a string; `comparator` is one of the checked ones."""
    if comparator in ("IN", "NOT IN"):
        return f"{expression} {comparator} {parameters.texts(list(value))}"
    assert isinstance(value, str)
    if comparator in ("LIKE", "ILIKE"):
        return f"{expression} {comparator} {parameters.text(like_pattern(value))}"
    return f"{expression} {comparator} {parameters.text(value)}"


def run_id_hex(column: str) -> str:
    """The run id as the 32 characters it is known by."""
    return f"lower(hex(UUIDToNum({column})))"


def pairs(tags: Sequence[Any]) -> list[tuple[str, str]]:
    """A column of named tuples: they come as dicts or as tuples, by the client's settings."""
    return [tuple(tag.values()) if isinstance(tag, dict) else tag for tag in tags]
