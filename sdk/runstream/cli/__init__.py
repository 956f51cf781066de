"""The command line: `runstream`. Needs the extra `cli` (click and rich)."""
