"""The alarms ask for metrics that exist, in PromQL; what should stay 0 has one."""

from __future__ import annotations

import re
from typing import Any

import promql_parser
import pytest

from runstream_server.gateway.exposition import exposition
from runstream_server.telemetry import APPEND_SECONDS, MEASURES, Telemetry
from tests.unit.deploy.files import DEPLOY, KUBERNETES, documents

[GROUP] = documents(DEPLOY / "prometheus" / "alerts.yaml")[0]["groups"]
RULES: list[dict[str, Any]] = GROUP["rules"]
METRIC = re.compile(r"\brunstream_\w+")


def exposed() -> set[str]:
    telemetry = Telemetry()
    telemetry.observe(APPEND_SECONDS, 0.1)
    for measure in MEASURES:
        if measure.label:
            telemetry.count(measure, label="any")
    return {
        line.split("{")[0].split(" ")[0]
        for line in exposition(telemetry).splitlines()
        if not line.startswith("#")
    }


def labels() -> set[str]:
    return {measure.label for measure in MEASURES if measure.label} | {"le"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_can_be_evaluated(rule: dict[str, Any]) -> None:
    promql_parser.parse(rule["expr"])
    asked = set(METRIC.findall(rule["expr"]))
    assert asked
    assert asked <= exposed()
    grouped = re.findall(r"by \((\w+)\)", rule["expr"]) + re.findall(r"(\w+)!?=~?\"", rule["expr"])
    assert set(grouped) <= labels()
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


def test_the_metric_that_scales_materialize_exists() -> None:
    [scaled] = documents(KUBERNETES / "components" / "keda" / "materialize.yaml")
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]
    promql_parser.parse(query)
    assert set(METRIC.findall(query)) <= exposed()
