"""Many processes over Kafka, ClickHouse and S3: settings, roles, and what crosses processes."""
