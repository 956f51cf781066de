"""Page sizes of searches, by MLflow's names."""

from runstream import _limits as limits

SEARCH_MAX_RESULTS_DEFAULT = 1000
SEARCH_MAX_RESULTS_THRESHOLD = limits.SEARCH_MAX_RESULTS
