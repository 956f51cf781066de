"""The rules of each kind of event: one function per kind, one table of all.

A function gets the kind's message and the path of its field, and raises RuleError.
Fields that are not named here, and fields of later versions, pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from runstream.v1 import events_pb2 as pb
from runstream_server.events import limits, rules
from runstream_server.events.points import check_metrics

Rule = Callable[[Any, str], None]


def _nothing(_message: Any, _path: str) -> None:
    """The kind has no field that could be wrong."""


def _run_created(run: pb.RunCreated, path: str) -> None:
    _one_experiment(run.experiment_id, run.experiment_name, path)
    rules.at_most(f"{path}.user_id", run.user_id, limits.USER_ID_CHARACTERS)
    rules.at_most(f"{path}.run_name", run.run_name, limits.RUN_NAME_CHARACTERS)


def _one_experiment(experiment_id: str, name: str, path: str) -> None:
    if experiment_id and name:
        raise rules.invalid(
            f"{path}.experiment_name", name, "experiment_id is set as well; one of them counts."
        )
    if name:
        rules.experiment_name(f"{path}.experiment_name", name)
        return
    rules.required(f"{path}.experiment_id", experiment_id)
    rules.experiment_id(f"{path}.experiment_id", experiment_id)


def _run_updated(run: pb.RunUpdated, path: str) -> None:
    if run.HasField("status") and run.status not in pb.RunStatus.values()[1:]:
        raise rules.invalid(f"{path}.status", run.status, "it is no status of a run.")
    rules.at_most(f"{path}.run_name", run.run_name, limits.RUN_NAME_CHARACTERS)


def _params(message: pb.Params, path: str) -> None:
    _key_values(message.params, f"{path}.params", limits.PARAM_VALUE_CHARACTERS)


def _tags(message: pb.Tags, path: str) -> None:
    _key_values(message.set, f"{path}.set", limits.TAG_VALUE_CHARACTERS)
    _deleted_keys(message.delete, path)


def _key_values(pairs: Iterable[pb.KeyValue], path: str, characters: int) -> None:
    for index, pair in enumerate(pairs):
        rules.key(f"{path}[{index}].key", pair.key)
        rules.at_most(f"{path}[{index}].value", pair.value, characters)


def _deleted_keys(keys: Iterable[str], path: str) -> None:
    for index, key in enumerate(keys):
        rules.required(f"{path}.delete[{index}]", key)
        rules.at_most(f"{path}.delete[{index}]", key, limits.KEY_CHARACTERS)


def _inputs(message: pb.Inputs, path: str) -> None:
    for index, entry in enumerate(message.datasets):
        _dataset(entry.dataset, f"{path}.datasets[{index}].dataset")
        for number, tag in enumerate(entry.tags):
            place = f"{path}.datasets[{index}].tags[{number}]"
            rules.required(f"{place}.key", tag.key)
            rules.at_most(f"{place}.key", tag.key, limits.INPUT_TAG_KEY_CHARACTERS)
            rules.at_most(f"{place}.value", tag.value, limits.INPUT_TAG_VALUE_CHARACTERS)
    for index, model_id in enumerate(message.model_ids):
        _model_id(model_id, f"{path}.model_ids[{index}]")


def _dataset(dataset: pb.Dataset, path: str) -> None:
    rules.required(f"{path}.name", dataset.name)
    rules.required(f"{path}.digest", dataset.digest)
    for field, characters in (
        ("name", limits.DATASET_NAME_CHARACTERS),
        ("digest", limits.DATASET_DIGEST_CHARACTERS),
        ("source_type", limits.NAME_CHARACTERS),
        ("source", limits.DATASET_SOURCE_CHARACTERS),
        ("schema", limits.DATASET_SCHEMA_CHARACTERS),
        ("profile", limits.DATASET_PROFILE_CHARACTERS),
    ):
        rules.at_most(f"{path}.{field}", getattr(dataset, field), characters)


def _model_id(model_id: str, path: str) -> None:
    rules.required(path, model_id)
    rules.at_most(path, model_id, limits.NAME_CHARACTERS)


def _outputs(message: pb.Outputs, path: str) -> None:
    for index, model in enumerate(message.models):
        _model_id(model.model_id, f"{path}.models[{index}].model_id")


def _artifact_logged(artifact: pb.ArtifactLogged, path: str) -> None:
    rules.artifact_path(f"{path}.path", artifact.path)
    rules.required(f"{path}.object_key", artifact.object_key)
    rules.at_most(f"{path}.object_key", artifact.object_key, limits.OBJECT_KEY_BYTES)
    rules.not_negative(f"{path}.size_bytes", artifact.size_bytes)
    rules.exact_bytes(f"{path}.sha256", artifact.sha256, limits.SHA256_BYTES)


def _log_lines(message: pb.LogLines, path: str) -> None:
    if message.stream not in (1, 2):
        raise rules.invalid(f"{path}.stream", message.stream, "it must be 1 or 2.")
    if message.time_ms and len(message.time_ms) != len(message.lines):
        raise rules.invalid(
            f"{path}.time_ms",
            len(message.time_ms),
            f"there must be as many times as lines, {len(message.lines)}.",
        )


def _model_created(model: pb.LoggedModelCreated, path: str) -> None:
    _model_id(model.model_id, f"{path}.model_id")
    _one_experiment(model.experiment_id, model.experiment_name, path)
    rules.model_name(f"{path}.name", model.name)
    rules.at_most(f"{path}.model_type", model.model_type, limits.NAME_CHARACTERS)
    rules.at_most(f"{path}.source_run_id", model.source_run_id, limits.NAME_CHARACTERS)


def _model_updated(model: pb.LoggedModelUpdated, path: str) -> None:
    _model_id(model.model_id, f"{path}.model_id")
    if model.HasField("status") and model.status not in pb.LoggedModelStatus.values()[1:]:
        raise rules.invalid(f"{path}.status", model.status, "it is no status of a logged model.")
    rules.at_most(f"{path}.status_message", model.status_message, limits.SENTENCE_CHARACTERS)


def _model_deleted(model: pb.LoggedModelDeleted, path: str) -> None:
    _model_id(model.model_id, f"{path}.model_id")


def _model_params(model: pb.LoggedModelParams, path: str) -> None:
    _model_id(model.model_id, f"{path}.model_id")
    _key_values(model.params, f"{path}.params", limits.PARAM_VALUE_CHARACTERS)


def _model_tags(model: pb.LoggedModelTags, path: str) -> None:
    _model_id(model.model_id, f"{path}.model_id")
    _key_values(model.set, f"{path}.set", limits.TAG_VALUE_CHARACTERS)
    _deleted_keys(model.delete, path)


def _producer_started(producer: pb.ProducerStarted, path: str) -> None:
    rules.at_most(f"{path}.host", producer.host, limits.NAME_CHARACTERS)
    rules.at_most(f"{path}.client", producer.client, limits.NAME_CHARACTERS)


def _producer_end(producer: pb.ProducerEnd, path: str) -> None:
    if producer.last_seq < 1:
        raise rules.invalid(f"{path}.last_seq", producer.last_seq, "batches count from 1.")


def _void(void: pb.Void, path: str) -> None:
    rules.at_most(f"{path}.reason", void.reason, limits.SENTENCE_CHARACTERS)


#: What may stand in the stream of a run.
RUN_KINDS: dict[str, Rule] = {
    "run_created": _run_created,
    "run_updated": _run_updated,
    "run_deleted": _nothing,
    "run_restored": _nothing,
    "run_purged": _nothing,
    "params": _params,
    "tags": _tags,
    "metrics": check_metrics,
    "inputs": _inputs,
    "outputs": _outputs,
    "artifact_logged": _artifact_logged,
    "heartbeat": _nothing,
    "log_lines": _log_lines,
    "producer_started": _producer_started,
    "producer_end": _producer_end,
    "void": _void,
}

#: What may stand in the stream of a logged model.
MODEL_KINDS: dict[str, Rule] = {
    "logged_model_created": _model_created,
    "logged_model_updated": _model_updated,
    "logged_model_deleted": _model_deleted,
    "logged_model_params": _model_params,
    "logged_model_tags": _model_tags,
    "artifact_logged": _artifact_logged,
    "heartbeat": _nothing,
    "producer_started": _producer_started,
    "producer_end": _producer_end,
    "void": _void,
}
