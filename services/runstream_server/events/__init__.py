"""The domain: what an event is, what is allowed, where it goes. No I/O."""
