"""Numbers as users have them."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from runstream._values import as_step, as_timestamp_ms, as_value
from runstream.exceptions import MlflowException


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (1, 1.0),
        (True, 1.0),
        ("1.5", 1.5),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 2), 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
        (np.array([2.5]), 2.5),
        (np.array([[7]]), 7.0),
        (float("inf"), math.inf),
        (-math.inf, -math.inf),
    ],
)
def test_a_value_is_what_float_takes(given: Any, stored: float) -> None:
    assert as_value("loss", given) == stored


def test_nan_stays() -> None:
    assert math.isnan(as_value("loss", math.nan))


@pytest.mark.parametrize("given", [None, "abc", [1.0], np.array([1.0, 2.0]), 1j, 10**400, object()])
def test_other_values_are_refused_with_the_key_and_the_value(given: Any) -> None:
    with pytest.raises(MlflowException, match=r"for parameter 'value' supplied: .*'loss'") as error:
        as_value("loss", given)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert len(error.value.message) < 400


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, 0),
        (3, 3),
        (-4, -4),
        (2.0, 2),
        (np.int32(7), 7),
        (2**63 - 1, 2**63 - 1),
        (-(2**63),) * 2,
    ],
)
def test_steps(given: Any, stored: int) -> None:
    assert as_step(given) == stored


@pytest.mark.parametrize("given", [1.5, "3", 2**63, -(2**63) - 1, math.nan, math.inf, [1], 1e300])
def test_refused_steps(given: Any) -> None:
    with pytest.raises(MlflowException, match="for parameter 'step' supplied"):
        as_step(given)


@pytest.mark.parametrize("given", [-1, 1.5, 2**63, "now"])
def test_refused_timestamps(given: Any) -> None:
    with pytest.raises(MlflowException, match="for parameter 'timestamp' supplied"):
        as_timestamp_ms(given)
