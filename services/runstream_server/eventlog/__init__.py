"""The event log: the port and what implements it."""
