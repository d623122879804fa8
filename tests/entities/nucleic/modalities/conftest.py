"""Guides of modalities over ids with holes between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Modality
from biomatrix.entities.segment_ids import SegmentIds

Guide = tuple[Any, dict[int, str]]


@pytest.fixture(scope="session")
def guide_of() -> Callable[[Modality], Guide]:
    """Return a function that gives a modality's automaton, and the token of each id."""

    def guide(modality: Modality) -> Guide:
        ids = {token: 10 + 3 * number for number, token in enumerate(modality.vocabulary())}
        automaton = modality.automaton(SegmentIds(1, 2, ids, np.array([5])))
        return automaton, {id_: token for token, id_ in ids.items()}

    return guide
