"""Runs that were purged: hidden for ever, whatever comes later."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

TOMBSTONES = Table(
    name="tombstones",
    columns=(Column("run_id", "UUID"),),
    order_by=("run_id",),
    merge="set",
)
