"""The agent: one process per user and node that sends what was spooled."""
