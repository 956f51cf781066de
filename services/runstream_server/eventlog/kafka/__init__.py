"""The event log on Kafka: topics, appends, readers, groups."""
