"""The version of MLflow whose interface this is."""

VERSION = "3.17.2"
