"""What people see who read the tables by SQL (Grafana, notebooks).

Plain names, merged rows, readable times and statuses, purged runs left out.
They always show the live generation.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from runstream_server.store.cluster import Cluster

_NOT_PURGED = "run_id NOT IN (SELECT run_id FROM tombstones_{g})"
_NO_RUN = 2**64 - 1
_NO_ATTEMPT = -(2**63)


def _time(expression: str) -> str:
    return f"fromUnixTimestamp64Milli({expression}, 'UTC')"


VIEWS: dict[str, str] = {
    "points": f"""
        SELECT run_id, key, source, step, {_time("timestamp")} AS time, value,
               model_id, dataset_name, dataset_digest
        FROM points_{{g}} FINAL WHERE {_NOT_PURGED}""",
    "metrics": f"""
        SELECT run_id, key, source, last.step AS step, {_time("last.timestamp")} AS time,
               if(last.is_nan = 1, nan, last.value) AS value,
               if(has_finite = 1, minimum.value, NULL) AS minimum,
               if(has_finite = 1, maximum.value, NULL) AS maximum
        FROM latest_{{g}} FINAL WHERE {_NOT_PURGED}""",
    "params": f"""
        SELECT run_id, key, first.value AS value, value_min != value_max AS conflict
        FROM params_{{g}} FINAL WHERE {_NOT_PURGED}""",
    "tags": f"SELECT run_id, key, value FROM tags_{{g}} FINAL WHERE {_NOT_PURGED}",
    "artifacts": f"""
        SELECT run_id, path, size, lower(hex(sha256)) AS sha256, object_key
        FROM artifacts_{{g}} FINAL WHERE {_NOT_PURGED}""",
    "inputs": f"""
        SELECT run_id, name, digest, source_type, source, schema, profile, tags
        FROM inputs_{{g}} FINAL WHERE {_NOT_PURGED}""",
    "outputs": f"""
        SELECT run_id, model_id, step
        FROM run_models_{{g}} FINAL WHERE role = 1 AND {_NOT_PURGED}""",
    "models": f"""
        SELECT concat('m-', lower(hex(UUIDToNum(model_id)))) AS model_id,
               created.name AS name, created.model_type AS model_type,
               created.experiment_id AS experiment_id, created.source_run_id AS source_run_id,
               transform(status.status, [1, 2, 3], ['PENDING', 'READY', 'FAILED'],
                         'PENDING') AS status,
               {_time("created.creation_time")} AS created, {_time("updated_ms")} AS updated,
               deleted
        FROM models_{{g}} FINAL WHERE created.pos != {_NO_RUN}""",
    "runs": f"""
        SELECT run_id, name.value AS name, created.experiment_id AS experiment_id,
               created.user_id AS user_id,
               transform(status.status, [1, 2, 3, 4, 5],
                         ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'],
                         'RUNNING') AS status,
               {_time("created.start_time")} AS start_time,
               if(end_time.attempt = {_NO_ATTEMPT}, NULL,
                  {_time("end_time.end_time")}) AS end_time,
               deleted.deleted AS deleted
        FROM runs_{{g}} FINAL
        WHERE created.pos != {_NO_RUN} AND purged = 0 AND {_NOT_PURGED}""",
    "experiments": f"""
        SELECT experiment_id, name, artifact_location, {_time("created_ms")} AS created,
               {_time("updated_ms")} AS updated, deleted, tags
        FROM experiments_{{g}} FINAL""",
}


#: Under which name `meta` says which views were made last.
VIEWS_KEY = "views"


def views_fingerprint(generation: int) -> str:
    """Changes with the generation and with what the views say."""
    text = "\n".join(f"{name}: {select}" for name, select in VIEWS.items())
    return f"{generation} {zlib.crc32(text.encode()):08x}"


def view_statements(generation: int, cluster: Cluster) -> Iterator[str]:
    """Point every view at that generation."""
    for name, select in VIEWS.items():
        body = select.replace("{g}", str(generation))
        yield f"CREATE OR REPLACE VIEW {name}{cluster.on()} AS {body}"
