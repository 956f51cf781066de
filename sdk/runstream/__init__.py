"""Runstream: experiment tracking for training at scale."""
