"""Tags of the process, as MLflow's context providers resolve them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runstream._system_tags import system_tags


def resolve_tags(tags: Mapping[str, Any] | None = None, ignore: Any = None) -> dict[str, Any]:
    """User, script and commit of this process, with `tags` over them.

    ignore: taken for MLflow's sake; not used.
    """
    return {**system_tags(), **(tags or {})}
