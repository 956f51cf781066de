"""The services over gRPC. No other module imports grpc."""
