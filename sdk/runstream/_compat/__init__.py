"""`import mlflow` for other libraries: what of MLflow's modules leads where."""
