"""Print docs/mlflow-compatibility.md from the signatures of both.

python -m tests.compat.table > docs/mlflow-compatibility.md
"""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.compat.record import entity, parameters
from tests.compat.scope import ENTITIES, ENTITY_NOTES, IN_SCOPE, NOTES

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("mlflow_api.json").read_text())
Parameters = list[list[str]]

# Classes that answer with messages of MLflow's own protocol.
_PROTOCOL = {"from_proto", "to_proto"}


class Verdict(NamedTuple):
    """How one of ours compares."""

    word: str  # same, more, different, missing
    details: str = ""


def compare(theirs: Parameters, ours: Parameters | None) -> Verdict:
    """Two signatures."""
    if ours is None:
        return Verdict("missing")
    if ours == theirs:
        return Verdict("same")
    known = {name: (kind, default) for name, kind, default in theirs}
    extra = [parameter for parameter in ours if parameter[0] not in known]
    kept = [parameter for parameter in ours if parameter[0] in known]
    in_order = ours[: len(kept)] == kept or all(kind == "KEYWORD_ONLY" for _, kind, _ in extra)
    same_names = [parameter[:2] for parameter in kept] == [list(p[:2]) for p in theirs]
    refused = [p for p in kept if not _takes(known[p[0]][1], p[2])]
    if not same_names or not in_order or refused or any(not p[2] for p in extra):
        return Verdict("different", _differences(theirs, ours))
    free = [f"`{n}` may be left out" for n, _, default in kept if default and not known[n][1]]
    more = free + [f"also `{name}`" for name, _, _ in extra]
    return Verdict("more" if more else "same", ", ".join(more))


def _takes(theirs: str, ours: str) -> bool:
    """Whether a call that leaves it to MLflow's default, or must not, may do so here."""
    return ours == theirs or not theirs or (theirs == "None" and ours == "…")


def _differences(theirs: Parameters, ours: Parameters) -> str:
    by_name = {name: default for name, _, default in ours}
    names = [name for name, _, _ in theirs]
    parts = [f"without `{name}`" for name in names if name not in by_name]
    parts += [
        f"`{name}` is {by_name[name] or 'required'}, not {default or 'required'}"
        for name, _, default in theirs
        if name in by_name and not _takes(default, by_name[name])
    ]
    parts += [f"also `{name}`" for name, _, _ in ours if name not in names]
    return ", ".join(parts) or "in another order"


def our_function(part: str, name: str) -> Parameters | None:
    """Ours of that name; None when there is none."""
    if part == "MlflowClient":
        holder: Any = importlib.import_module("runstream.tracking").MlflowClient
    else:
        try:
            holder = importlib.import_module(part.replace("mlflow", "runstream", 1))
        except ModuleNotFoundError:
            return None
    function = getattr(holder, name, None)
    return None if function is None else parameters(function)


def function_verdicts() -> Iterator[tuple[str, str, Verdict]]:
    """Every function in scope."""
    for part, names in IN_SCOPE.items():
        for name in names:
            theirs = FACTS["functions"][part].get(name)
            ours = our_function(part, name)
            if theirs is None:  # MLflow has it only where another library is installed
                yield part, name, Verdict("missing") if ours is None else Verdict("same")
            else:
                yield part, name, compare(theirs, ours)


def entity_verdicts() -> Iterator[tuple[str, Verdict]]:
    """Every entity in scope."""
    entities = importlib.import_module("runstream.entities")
    for name in ENTITIES:
        kind = getattr(entities, name, None)
        yield name, Verdict("missing") if kind is None else _compare_entity(name, our_entity(kind))


def our_entity(kind: Any) -> dict[str, Any]:
    """As `entity`, with the attributes that only its objects have."""
    found = entity(kind)
    if dataclasses.is_dataclass(kind):
        own = {field.name for field in dataclasses.fields(kind)}
        found["attributes"] = sorted(own.union(found["attributes"]))
    return found


def _compare_entity(name: str, ours: dict[str, Any]) -> Verdict:
    theirs = FACTS["entities"][name]
    made = compare(theirs["init"], ours["init"])
    without = set(theirs["attributes"]) - set(ours["attributes"]) - _PROTOCOL
    more = set(ours["attributes"]) - set(theirs["attributes"])
    details = [made.details] if made.details else []
    details += [f"without `{item}`" for item in sorted(without) if item not in made.details]
    details += [f"also `{item}`" for item in sorted(more) if item not in made.details]
    if without or made.word == "different":
        return Verdict("different", ", ".join(details))
    return Verdict("more" if details else "same", ", ".join(details))


def out_of_scope(part: str) -> list[str]:
    """What of MLflow's interface is not tracking."""
    return sorted(set(FACTS["functions"][part]) - set(IN_SCOPE[part]))


_HEAD = """\
# Compared with MLflow's interface

Generated by `python -m tests.compat.table` from the signatures of MLflow {version} and of
Runstream; a test fails when it is not up to date.

- **same**: names, order and defaults of the parameters are MLflow's.
- **more**: the same, and parameters or attributes of Runstream's own.
- **different**: see the note.
- **missing**: not there (yet).

Where the *behaviour* differs on purpose, [Guarantees](guarantees.md#compared-with-mlflow) says so.

## Other libraries

Libraries that log by `import mlflow` need not be changed:

    python -m runstream.as_mlflow train.py            # the script, and processes that it starts
    python -m runstream.as_mlflow -m package.train

or, first thing in the program, before anything imports mlflow:

```python
import runstream.compat

runstream.compat.install()
```

From then on `import mlflow` is Runstream, and `importlib.metadata` finds a distribution `mlflow`
{version}. Loggers that reach into MLflow's modules (`mlflow.tracking.context.registry`,
`mlflow.utils.mlflow_tags`, `mlflow.utils.validation`, `mlflow.entities.…`,
`mlflow.store.entities`, `mlflow.protos.databricks_pb2`) find there what tracking needs: PyTorch
Lightning's `MLFlowLogger` and Transformers' `MLflowCallback` run unmodified. Submodules need no
import of their own. What is outside of tracking, for example `mlflow.pyfunc.log_model`, is an error
that names it.
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD.format(version=FACTS["version"])]
    verdicts = list(function_verdicts())
    for part in IN_SCOPE:
        lines += [f"## `{part}`", "", "| function | | |", "|---|---|---|"]
        for of, name, verdict in verdicts:
            if of == part:
                lines.append(_row(name, verdict, NOTES.get((part, name), "")))
        lines.append("")
        rest = out_of_scope(part)
        if rest:
            named = ", ".join(f"`{name}`" for name in rest)
            lines += [f"Not part of tracking: {named}.", ""]
    lines += ["## `mlflow.entities`", "", "| entity | | |", "|---|---|---|"]
    lines += [
        _row(name, verdict, ENTITY_NOTES.get(name, "")) for name, verdict in entity_verdicts()
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, verdict: Verdict, note: str) -> str:
    details = verdict.details[:1].upper() + verdict.details[1:]
    text = " ".join(part for part in (f"{details}." if details else "", note) if part)
    return f"| `{name}` | {verdict.word} | {text} |"


if __name__ == "__main__":
    print(page(), end="")
