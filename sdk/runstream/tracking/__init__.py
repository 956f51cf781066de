"""The client, and the tracking URI."""

from runstream._tracking_uri import get_tracking_uri, is_tracking_uri_set, set_tracking_uri
from runstream.tracking.client import MlflowClient

__all__ = ["MlflowClient", "get_tracking_uri", "is_tracking_uri_set", "set_tracking_uri"]
