"""A vocabulary with the control tokens of open regions but not all of their tokens is refused by name."""

import numpy as np
import pytest

from biomatrix.entities import modality
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import VocabularyError


@pytest.mark.parametrize("lacking", ["<C chr1>", "<T 17>", "<B 999>"])
def test_a_token_that_is_not_there_is_named(lacking: str) -> None:
    regions = modality("cell_accessibility")
    tokens = {token: number for number, token in enumerate(regions.vocabulary()) if token != lacking}
    with pytest.raises(VocabularyError, match=f"no token {lacking}"):
        regions.automaton(SegmentIds(len(tokens) + 1, len(tokens) + 2, tokens, np.empty(0, dtype=np.int64)))
