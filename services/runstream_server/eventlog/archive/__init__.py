"""Finished stretches of the log, copied to object storage, and read from there."""
