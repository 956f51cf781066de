"""A folder for `sys.path`: the package `mlflow` that is Runstream, and its metadata."""
