"""The server side of Runstream."""
