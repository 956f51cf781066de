"""Digests of data, equal to MLflow's: 8 hex characters of an MD5.

They hash the first 10 000 rows (or elements) and the shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MAX_ROWS = 10_000
_CHARACTERS = 8


def compute_pandas_digest(frame: pd.DataFrame) -> str:
    """Of the columns that are numbers or text throughout, by name; and of all names."""
    import numpy as np
    import pandas as pd

    head = frame.head(MAX_ROWS)
    texts = head.columns[frame.map(lambda cell: type(cell) is str).all(axis=0)]
    numbers = head.select_dtypes(include=[np.number]).columns
    hashed = pd.util.hash_pandas_object(head[texts.union(numbers)]).to_numpy()
    names = (str(name).encode() for name in frame.columns)
    return get_normalized_md5_digest([hashed, np.int64(len(frame)), *names])


def compute_numpy_digest(
    features: np.ndarray[Any, Any] | Mapping[str, np.ndarray[Any, Any]],
    targets: np.ndarray[Any, Any] | Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> str:
    """Of arrays, or of dictionaries of them in the order of their keys."""
    return get_normalized_md5_digest(
        [part for array in _arrays(features, targets) for part in _parts(array)]
    )


def get_normalized_md5_digest(elements: Iterable[Any]) -> str:
    """Of buffers, one after the other. Raises MlflowException when there is none."""
    parts = list(elements)
    if not parts:
        raise MlflowException.invalid_parameter_value(
            "No hashable elements were provided for md5 digest creation"
        )
    digest = hashlib.md5(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:_CHARACTERS]


def _arrays(*given: Any) -> Iterator[Any]:
    for item in given:
        if isinstance(item, Mapping):
            yield from (item[key] for key in sorted(item))
        elif item is not None:
            yield item


def _parts(array: Any) -> Iterator[Any]:
    import numpy as np
    import pandas as pd

    head = array.flatten()[:MAX_ROWS]
    try:
        yield pd.util.hash_array(head)
    except TypeError:  # elements that have no hash
        yield np.int64(head.size)
    yield from (np.int64(length) for length in array.shape)
