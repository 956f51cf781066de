"""The alarms ask for metrics that exist, in PromQL; what should stay 0 has one."""

from __future__ import annotations

import re
from typing import Any

import promql_parser
import pytest

from runstream_server import telemetry
from runstream_server.gateway.exposition import exposition
from runstream_server.telemetry import APPEND_SECONDS, MEASURES, Telemetry
from tests.unit.deploy.files import DEPLOY, KUBERNETES, ROOT, documents

[GROUP] = documents(DEPLOY / "prometheus" / "alerts.yaml")[0]["groups"]
RULES: list[dict[str, Any]] = GROUP["rules"]
METRIC = re.compile(r"\brunstream_\w+")


def exposed() -> set[str]:
    counted = Telemetry()
    counted.observe(APPEND_SECONDS, 0.1)
    for measure in MEASURES:
        if measure.label:
            counted.count(measure, label="any")
    return {
        line.split("{")[0].split(" ")[0]
        for line in exposition(counted).splitlines()
        if not line.startswith("#")
    }


def labels() -> set[str]:
    # The last two are of Prometheus itself.
    return {measure.label for measure in MEASURES if measure.label} | {"le", "job", "instance"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_can_be_evaluated(rule: dict[str, Any]) -> None:
    promql_parser.parse(rule["expr"])
    asked = set(METRIC.findall(rule["expr"]))
    assert asked
    assert asked <= exposed()
    lists = re.findall(r"\b(?:by|on) \(([^)]*)\)", rule["expr"])
    grouped = {label for found in lists for label in re.findall(r"\w+", found)}
    grouped |= set(re.findall(r"(\w+)!?=~?\"", rule["expr"]))
    assert grouped <= labels()
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["page"] == f"docs/operations.md#{rule['alert'].lower()}"


def test_names_are_unique() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_what_should_be_0_for_ever_has_an_alarm() -> None:
    asked = {name for rule in RULES for name in METRIC.findall(rule["expr"])}
    never = {
        f"runstream_{measure.name}" + ("_total" if measure.kind == "counter" else "")
        for measure in MEASURES
        if "0 for ever" in measure.meaning
    }
    assert never
    assert never <= asked


#: Nothing has to be done when these rise.
WORK_DONE = {"accepted_bytes", "log_records", "uploads_reaped"}
#: An alarm of another measure comes with it.
WITH_ANOTHER = {"in_flight_bytes"}


def test_every_measure_has_an_alarm_or_needs_none() -> None:
    asked = {name for rule in RULES for name in METRIC.findall(rule["expr"])}
    bare = {re.sub("_(total|bucket)$", "", name).removeprefix("runstream_") for name in asked}
    names = {measure.name for measure in MEASURES}
    assert names - bare - WORK_DONE - WITH_ANOTHER == set()
    assert names >= WORK_DONE | WITH_ANOTHER


def test_every_measure_is_counted_somewhere() -> None:
    code = "".join(
        path.read_text()
        for path in (ROOT / "services").rglob("*.py")
        if path.name != "telemetry.py"
    )
    constants = {name: one for name, one in vars(telemetry).items() if one in MEASURES}
    assert len(constants) == len(MEASURES)
    assert [name for name in constants if not re.search(rf"\b{name}\b[,)]", code)] == []


def test_the_page_has_no_alarm_that_does_not_exist() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"^### (Runstream\w+)$", page, re.MULTILINE)) == {
        rule["alert"] for rule in RULES
    }


def test_the_metric_that_scales_materialize_exists() -> None:
    [scaled] = documents(KUBERNETES / "components" / "keda" / "materialize.yaml")
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]
    promql_parser.parse(query)
    assert set(METRIC.findall(query)) <= exposed()
