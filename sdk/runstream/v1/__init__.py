"""Messages generated from proto/runstream/v1; regenerate with `make proto`."""
