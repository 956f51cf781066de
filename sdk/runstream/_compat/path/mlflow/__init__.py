"""Runstream under the name of MLflow, for libraries that track with it.

Made by `runstream.compat.install()` or `python -m runstream.as_mlflow`.
"""

from runstream._compat.modules import MLFLOW_VERSION, names_of

__version__ = MLFLOW_VERSION
__getattr__, __dir__ = names_of(__name__)
