"""What child processes learn of this one: by their environment.

Children of a fork server have the environment that the server had when it
started. So what is exported also travels with each `multiprocessing.Process`,
in the settings that it hands to its child.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_SETTING = "runstream_environment"


def export(name: str, value: str | None) -> None:
    """Set a variable for child processes; None takes it away."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
    settings = _process_settings()
    if settings is not None:
        settings[_SETTING] = {**settings.get(_SETTING, {}), name: value}


def receive() -> None:
    """In a child of multiprocessing: take over what the parent exported last."""
    module = sys.modules.get("multiprocessing.process")
    if module is not None and module.parent_process() is not None:
        apply(_process_settings() or {})


def apply(settings: dict[str, Any]) -> None:
    """Make the environment what the settings of a process say."""
    for name, value in settings.get(_SETTING, {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _process_settings() -> dict[str, Any] | None:
    """What `multiprocessing` copies to each process it starts; None when it is not in use."""
    module = sys.modules.get("multiprocessing.process")
    if module is None:
        return None
    settings = getattr(module.current_process(), "_config", None)
    return settings if isinstance(settings, dict) else None
