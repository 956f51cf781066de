"""`MlflowClient`: the same calls by id, for any tracking URI."""

from __future__ import annotations

from typing import Any

from runstream.tracking._artifacts import ArtifactCalls
from runstream.tracking._former import FormerCalls
from runstream.tracking._logging import LoggingCalls
from runstream.tracking._media import MediaCalls
from runstream.tracking._models import ModelCalls


class MlflowClient(LoggingCalls, ArtifactCalls, MediaCalls, ModelCalls, FormerCalls):
    """Experiments, runs and logged models by their ids, with MLflow's names.

    tracking_uri: not given, the one of `runstream.get_tracking_uri()` now.
    registry_uri, workspace_store_uri: taken for MLflow's sake; not used.
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        registry_uri: Any = None,
        workspace_store_uri: Any = None,
    ) -> None:
        super().__init__(tracking_uri)
