"""Artifact bytes: the port to object stores and what implements it."""
