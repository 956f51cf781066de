"""Which datasets the runs of some experiments read, in short."""

from __future__ import annotations

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.experiment_ids import resolve_experiment_ids
from runstream_server.query.run_inputs import CONTEXT_TAG
from runstream_server.query.run_rows import visible
from runstream_server.query.sql import Parameters
from runstream_server.query.view import View

_SUMMARIES_MAX = 1000


def search_datasets(
    view: View, request: tracking.SearchDatasetsRequest
) -> tracking.SearchDatasetsResponse:
    """Distinct summaries, sorted. Raises ServiceError."""
    experiments = resolve_experiment_ids(view, list(request.experiment_ids))
    if not experiments:
        return tracking.SearchDatasetsResponse()
    parameters = Parameters()
    numbers = parameters.integers(experiments)
    key = parameters.text(CONTEXT_TAG)
    contexts = f"arrayFilter(tag -> tag.1 = {key}, argMax(tags, version))"
    rows = view.rows(
        "SELECT DISTINCT experiment, name, digest, length(contexts) > 0 AS has_context, "
        "if(has_context, contexts[1].2, '') AS context FROM ("
        f"SELECT run_id, name, digest, {contexts} AS contexts "
        f"FROM {view.table('inputs')} GROUP BY run_id, name, digest) AS i "
        "INNER ANY JOIN ("
        "SELECT run_id, argMin(created.experiment_id, created.pos) AS experiment "
        f"FROM {view.table('runs')} GROUP BY run_id "
        f"HAVING {visible(view)} AND experiment IN {numbers}) AS r ON i.run_id = r.run_id "
        f"ORDER BY experiment, name, digest, context LIMIT {_SUMMARIES_MAX}",
        parameters.values,
    )
    return tracking.SearchDatasetsResponse(
        summaries=[
            tracking.DatasetSummary(
                experiment_id=str(experiment),
                name=name,
                digest=digest,
                context=context if has_context else None,
            )
            for experiment, name, digest, has_context, context in rows
        ]
    )
