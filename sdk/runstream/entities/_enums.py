"""Closed sets of MLflow: numbers and names."""

from __future__ import annotations

from typing import ClassVar

from runstream.exceptions import MlflowException


class ViewType:
    """Which lifecycle stages a search looks at."""

    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3

    _NAMES: ClassVar[dict[str, int]] = {
        "active_only": ACTIVE_ONLY,
        "deleted_only": DELETED_ONLY,
        "all": ALL,
    }

    @classmethod
    def from_string(cls, view: str) -> int:
        """The number of a name, for example of "active_only"."""
        if view not in cls._NAMES:
            raise MlflowException.invalid_parameter_value(
                f"Invalid value {view!r} for parameter 'view_type': one of {sorted(cls._NAMES)}"
            )
        return cls._NAMES[view]

    @classmethod
    def to_string(cls, view: int) -> str:
        """The name of a number."""
        for name, number in cls._NAMES.items():
            if number == view:
                return name
        raise MlflowException.invalid_parameter_value(
            f"Invalid value {view!r} for parameter 'view_type': one of 1, 2, 3"
        )


class LifecycleStage:
    """Whether a run or an experiment is deleted."""

    ACTIVE = "active"
    DELETED = "deleted"

    @classmethod
    def is_valid(cls, stage: str) -> bool:
        return stage in {cls.ACTIVE, cls.DELETED}

    @classmethod
    def view_type_to_stages(cls, view_type: int = ViewType.ALL) -> list[str]:
        """The stages that a search of this `ViewType` looks at."""
        ViewType.to_string(view_type)
        found = {ViewType.ACTIVE_ONLY: [cls.ACTIVE], ViewType.DELETED_ONLY: [cls.DELETED]}
        return found.get(view_type, [cls.ACTIVE, cls.DELETED])

    @classmethod
    def matches_view_type(cls, view_type: int, lifecycle_stage: str) -> bool:
        """Whether a search of this `ViewType` looks at the stage."""
        return lifecycle_stage in cls.view_type_to_stages(view_type)


class SourceType:
    """What started a run: numbers, and names as in the tag `mlflow.source.type`."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 1000

    SOURCETYPE_TO_STRING: ClassVar[dict[int, str]] = {
        NOTEBOOK: "NOTEBOOK",
        JOB: "JOB",
        PROJECT: "PROJECT",
        LOCAL: "LOCAL",
        UNKNOWN: "UNKNOWN",
    }

    @classmethod
    def from_string(cls, status_str: str) -> int:
        """The number of a name."""
        for number, name in cls.SOURCETYPE_TO_STRING.items():
            if name == status_str:
                return number
        raise MlflowException.invalid_parameter_value(
            f"Invalid value {status_str!r} for parameter 'source_type': one of "
            f"{sorted(cls.SOURCETYPE_TO_STRING.values())}"
        )

    @classmethod
    def to_string(cls, status: int) -> str:
        """The name of a number."""
        if status not in cls.SOURCETYPE_TO_STRING:
            raise MlflowException.invalid_parameter_value(
                f"Invalid value {status!r} for parameter 'source_type': one of "
                f"{list(cls.SOURCETYPE_TO_STRING)}"
            )
        return cls.SOURCETYPE_TO_STRING[status]


class RunStatus:
    """Status of a run: numbers on the wire, names in entities."""

    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5

    _NAMES: ClassVar[dict[str, int]] = {
        "RUNNING": RUNNING,
        "SCHEDULED": SCHEDULED,
        "FINISHED": FINISHED,
        "FAILED": FAILED,
        "KILLED": KILLED,
    }

    @classmethod
    def from_string(cls, status: str) -> int:
        """The number of a name."""
        if status not in cls._NAMES:
            raise MlflowException.invalid_parameter_value(
                f"Invalid value {status!r} for parameter 'status': one of {sorted(cls._NAMES)}"
            )
        return cls._NAMES[status]

    @classmethod
    def to_string(cls, status: int) -> str:
        """The name of a number."""
        for name, number in cls._NAMES.items():
            if number == status:
                return name
        raise MlflowException.invalid_parameter_value(
            f"Invalid value {status!r} for parameter 'status': one of 1 to 5"
        )

    @classmethod
    def is_terminated(cls, status: int | str) -> bool:
        """Whether a run with this status has ended."""
        number = cls.from_string(status) if isinstance(status, str) else status
        return number in {cls.FINISHED, cls.FAILED, cls.KILLED}

    @classmethod
    def all_status(cls) -> list[int]:
        return list(cls._NAMES.values())
