"""What a process logs, on its way to the agent: files on this machine."""
