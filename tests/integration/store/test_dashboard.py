"""The SQL of Grafana's dashboard, run as it stands against the views for people."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from runstream_server.store.open import open_store
from tests.unit.deploy.files import dashboard

# What Grafana's source for ClickHouse puts in their place.
MACROS = {
    r"\$__fromTime": "toDateTime(0)",
    r"\$__toTime": "now()",
    r"\$__timeFilter\((\w+)\)": r"\1 >= toDateTime(0) AND \1 <= now()",
    r"\$__timeInterval\((\w+)\)": r"toStartOfInterval(toDateTime(\1), INTERVAL 60 second)",
    r"\$\{run:sqlstring\}": "'0123456789abcdef0123456789abcdef'",
    r"\$\{metric:sqlstring\}": "'loss'",
}


def statements() -> list[str]:
    found = dashboard()
    asked = [
        target["rawSql"]
        for panel in found["panels"]
        for target in panel.get("targets", [])
        if "rawSql" in target
    ]
    variables = [one for one in found["templating"]["list"] if one["type"] == "query"]
    return [*asked, *(one["query"] for one in variables)]


def plain(statement: str) -> str:
    for macro, text in MACROS.items():
        statement = re.sub(macro, text, statement)
    return statement


def test_every_statement_can_be_run(tmp_path: Path) -> None:
    assert len(statements()) >= 6
    with closing(open_store(tmp_path)) as store:
        for statement in map(plain, statements()):
            assert "$" not in statement
            assert store.rows(statement) == [], statement
