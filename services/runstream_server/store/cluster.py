"""One server, or a shard of replicas: what that changes in a statement.

On a replicated cluster the engines are the replicated ones, definitions go to
every replica, and an insert is acknowledged by two of them. Paths and replica
names are the servers' own (`default_replica_path`, `{replica}`); they hold the
table's uuid, so tables of one name that change places keep theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

# How long an insert waits for its second replica; the read time-out is longer.
_QUORUM_MS = 30_000


@dataclass(frozen=True)
class Cluster:
    """name: in the servers' configuration; empty: one server."""

    name: str = ""

    def on(self) -> str:
        """Goes behind the name in CREATE, DROP and EXCHANGE."""
        return f" ON CLUSTER '{self.name}'" if self.name else ""

    def engine(self, engine: str) -> str:
        """The engine of a table that keeps rows."""
        return f"Replicated{engine}" if self.name else engine

    def settings(self) -> dict[str, str]:
        """Of every statement.

        insert_quorum: what is acknowledged is on two replicas. Inserts do not
        wait for one another (parallel), which rules out sequentially
        consistent reads: instead everybody uses the same replica.
        alter_sync, mutations_sync: what changes a table has changed it on every
        replica that lives, when the statement returns.
        """
        if not self.name:
            return {}
        return {
            "insert_quorum": "2",
            "insert_quorum_parallel": "1",
            "insert_quorum_timeout": str(_QUORUM_MS),
            "alter_sync": "2",
            "mutations_sync": "2",
            # A purge deletes the runs that a table names: a replica that knows one
            # more of them deletes no more than the next purge would.
            "allow_nondeterministic_mutations": "1",
            "distributed_ddl_output_mode": "throw_only_active",
        }


ONE_SERVER = Cluster()
