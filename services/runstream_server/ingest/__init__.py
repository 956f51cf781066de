"""Writing: requests in, records on the event log out."""
