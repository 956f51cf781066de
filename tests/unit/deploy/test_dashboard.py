"""The dashboard asks Prometheus for metrics that exist.

Its SQL is run in tests/integration/store/test_dashboard.py.
"""

from __future__ import annotations

from typing import Any

import promql_parser
import pytest

from tests.unit.deploy.files import dashboard
from tests.unit.deploy.test_alerts import METRIC, exposed

PANELS: list[dict[str, Any]] = [one for one in dashboard()["panels"] if one["type"] != "row"]
EXPRESSIONS = [
    target["expr"] for panel in PANELS for target in panel["targets"] if "expr" in target
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_prometheus_is_asked_exists(expression: str) -> None:
    promql_parser.parse(expression.replace("$__rate_interval", "5m"))
    asked = set(METRIC.findall(expression))
    assert asked
    assert asked <= exposed()


def test_panels_have_a_place_and_a_source() -> None:
    ids = [one["id"] for one in dashboard()["panels"]]
    assert len(ids) == len(set(ids))
    sources = {one["name"] for one in dashboard()["templating"]["list"]}
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert panel["description"], panel["title"]
        assert panel["datasource"]["uid"].strip("${}") in sources, panel["title"]
