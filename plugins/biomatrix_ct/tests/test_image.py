"""An image holds Hounsfield units exactly, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.errors import ParseError
from biomatrix_ct import Image


def test_values_are_kept_exactly_and_cannot_be_changed() -> None:
    given = np.array([[-1024, 0], [40, 3071]], np.int16)
    image = Image(given, (0.7, 0.8))
    np.testing.assert_array_equal(image.values, given)
    assert image.values.dtype == np.float32
    given[0, 0] = 7
    assert image.values[0, 0] == -1024
    with pytest.raises(ValueError, match="read-only"):
        image.values[0, 0] = 1


@pytest.mark.parametrize(
    ("values", "spacing"),
    [
        (np.zeros(4), (1.0,)),
        (np.zeros((0, 4)), (1.0, 1.0)),
        (np.zeros((2, 2, 2, 2)), (1.0,) * 4),
        (np.full((2, 2), np.nan), (1.0, 1.0)),
        (np.full((2, 2), np.inf), (1.0, 1.0)),
        (np.full((2, 2), 1e9), (1.0, 1.0)),
        (np.zeros((2, 2)), (1.0,)),
        (np.zeros((2, 2)), (1.0, 0.0)),
        (np.zeros((2, 2)), (1.0, float("nan"))),
        (np.zeros((2, 2), complex), (1.0, 1.0)),
        (np.array([["a"]]), (1.0, 1.0)),
    ],
)
def test_what_is_no_image_is_refused(values: np.ndarray, spacing: tuple[float, ...]) -> None:
    with pytest.raises(ParseError):
        Image(values, spacing)
