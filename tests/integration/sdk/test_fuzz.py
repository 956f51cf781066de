"""Any arguments to the public functions: only documented errors, nothing wrong stored."""

from __future__ import annotations

import datetime
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import runstream
from runstream.entities import FileInfo
from runstream.exceptions import MlflowException

pytestmark = pytest.mark.usefixtures("world")


class Nasty:
    """Has no form as text, and no value."""

    def __repr__(self) -> str:
        raise RuntimeError("no form")

    def __float__(self) -> float:
        raise RuntimeError("no value")


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.binary(max_size=8),
    st.decimals(allow_nan=True),
    st.lists(st.integers(-3, 3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from([
        Nasty(), object(), Path("x"), datetime.datetime(2020, 1, 1), np.float32(1.5), np.int64(7),
        np.array([2.5]), np.array([1.0, 2.0]), float, "x" * 7000, "ä b/c.d-e_f:g", "../x", "a//b",
    ]),
)  # fmt: skip
KEYS = st.one_of(st.sampled_from(["a", "b/c", "loss", "ü x"]), ANYTHING)
STEPS = st.one_of(st.integers(-5, 5), ANYTHING)
# Every example asks a server, and arguments are small as they are: none is made smaller.
FEW = settings(
    max_examples=40,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
    phases=[Phase.generate],
)


def number(value: Any) -> float:
    return float(value.item() if hasattr(value, "item") else value)


def shown(value: float) -> str:
    """NaN equals itself, and the two zeros are one."""
    return repr(value + 0.0)


@dataclass
class Expected:
    """What the accepted calls were."""

    points: set[tuple[str, int, str]] = field(default_factory=set)
    timed: set[tuple[str, int, str, int]] = field(default_factory=set)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def point(self, key: str, value: Any, step: Any, time: Any) -> None:
        at = (key, 0 if step is None else int(step), shown(number(value)))
        self.points.add(at)
        if time:
            self.timed.add((*at, int(time)))


def accepted(call: Callable[[], Any], documented: tuple[type[Exception], ...] = ()) -> bool:
    """Whether a call was; another error than MlflowException and these fails the test."""
    expected: tuple[type[Exception], ...] = (MlflowException, *documented)
    try:
        call()
    except expected as error:
        return not str(error)  # an error has something to say
    return True


EXPECTED = Expected()
_numbers = itertools.count()


def test_what_is_logged() -> None:
    run = runstream.start_run()
    before = dict(run.data.tags)
    for fuzz in (points, many_points, params, tags, texts, other_files):
        fuzz()
    runstream.end_run()
    check(run.info.run_id, before, EXPECTED)


@FEW
@given(key=KEYS, value=ANYTHING, step=STEPS, time=ANYTHING)
def points(key: Any, value: Any, step: Any, time: Any) -> None:
    if accepted(lambda: runstream.log_metric(key, value, step=step, timestamp=time)):
        EXPECTED.point(key, value, step, time)
    if accepted(lambda: runstream.log_metric(key, 0.5, step=3)):
        EXPECTED.point(key, 0.5, 3, None)


def hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


@FEW
@given(
    metrics=st.one_of(
        ANYTHING,
        st.dictionaries(KEYS.filter(hashable), st.one_of(st.floats(), ANYTHING), max_size=2),
    ),
    step=STEPS,
)
def many_points(metrics: Any, step: Any) -> None:
    if not accepted(lambda: runstream.log_metrics(metrics, step=step)):
        return
    in_columns = isinstance(step, list) or np.ndim(step) == 1
    for key, value in dict(metrics).items():
        rows = zip(value, step, strict=True) if in_columns else [(value, step)]
        for one, at in rows:
            EXPECTED.point(key, one, at, None)


@FEW
@given(key=KEYS, value=ANYTHING)
def params(key: Any, value: Any) -> None:
    if accepted(lambda: runstream.log_param(key, value)):
        EXPECTED.params[key] = str(value)[:6000]
    if not isinstance(value, dict):
        assert not accepted(lambda: runstream.log_params(value))


@FEW
@given(key=KEYS, value=ANYTHING)
def tags(key: Any, value: Any) -> None:
    if accepted(lambda: runstream.set_tag(key, value)):
        EXPECTED.tags[key] = str(value)[:8000]
    if isinstance(value, bool) and accepted(lambda: runstream.delete_tag(key)):
        EXPECTED.tags.pop(key, None)
    if not isinstance(value, dict):
        assert not accepted(lambda: runstream.set_tags(value))


def fresh(name: Any) -> Any:
    """A path that no file has yet, and that is no folder."""
    return f"{next(_numbers)}-{name}" if isinstance(name, str) else name


@FEW
@given(text=st.one_of(st.text(), ANYTHING), content=st.one_of(st.binary(), ANYTHING), name=ANYTHING)
def texts(text: Any, content: Any, name: Any) -> None:
    path = fresh(name)
    if accepted(lambda: runstream.log_text(text, path)):
        EXPECTED.files[str(path)] = text.encode()
    path = fresh(name)
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    if accepted(lambda: runstream.log_stream(stream, path)):
        EXPECTED.files[str(path)] = content


@FEW
@given(content=ANYTHING, name=ANYTHING)
def other_files(content: Any, name: Any) -> None:
    accepted(lambda: runstream.log_dict(content, "dict.json"))
    assert not accepted(lambda: runstream.log_image(content, fresh(name)), (TypeError, ValueError))
    assert not accepted(lambda: runstream.log_figure(content, fresh(name)), (TypeError,))
    assert not accepted(lambda: runstream.log_artifact(content, fresh(name)), (OSError,))
    if not isinstance(content, dict):
        assert not accepted(lambda: runstream.log_table(content, fresh(name)), (ValueError,))


def check(run_id: str, before: dict[str, str], expected: Expected) -> None:
    """What the server has is what was accepted."""
    client = runstream.MlflowClient()
    run = client.get_run(run_id)
    assert run.data.params == expected.params
    assert run.data.tags == {**before, **expected.tags}
    keys = set(run.data.metrics)
    assert keys == {key for key, _, _ in expected.points}
    stored = {
        (key, point.step, shown(point.value), point.timestamp)
        for key in keys
        for point in client.get_metric_history(run_id, key)
    }
    assert {point[:3] for point in stored} == expected.points
    assert expected.timed <= stored
    found = {path: Path(client.download_artifacts(run_id, path)).read_bytes()
             for path in paths(run_id)}  # fmt: skip
    assert found.pop("dict.json", b"") is not None
    assert found == expected.files
    assert expected.points
    assert expected.params
    assert expected.files


def paths(run_id: str, below: str | None = None) -> list[str]:
    entries: list[FileInfo] = runstream.MlflowClient().list_artifacts(run_id, below)
    files = [entry.path for entry in entries if not entry.is_dir]
    for entry in entries:
        if entry.is_dir:
            files += paths(run_id, entry.path)
    return files


@FEW
@given(first=ANYTHING, second=ANYTHING)
def test_what_is_read(first: Any, second: Any) -> None:
    client = runstream.MlflowClient()
    calls: list[Callable[[], Any]] = [
        lambda: runstream.get_run(first),
        lambda: runstream.get_experiment(first),
        lambda: runstream.get_experiment_by_name(first),
        lambda: client.get_metric_history(first, second),
        lambda: client.list_artifacts(first, second),
        lambda: client.search_runs(["0"], filter_string=first),
        lambda: client.search_runs(["0"], order_by=[first]),
        lambda: client.search_runs(["0"], page_token=first, max_results=1),
        lambda: client.search_runs([first], run_view_type=second),
        lambda: client.search_runs(first, max_results=1),
        lambda: client.search_experiments(filter_string=first, max_results=second),
        lambda: runstream.search_experiments(order_by=[first], max_results=1),
        lambda: runstream.artifacts.load_text(first),
        lambda: runstream.artifacts.list_artifacts(first),
        lambda: runstream.artifacts.list_artifacts(run_id=first, artifact_path=second),
        lambda: runstream.load_table(first, run_ids=second),
    ]
    for call in calls:
        accepted(call)
