"""Sequences scored by the package's own decoder, through the interface that published models of DNA have."""

from __future__ import annotations

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.nucleic.causal import DecoderModel
from biomatrix.generation import Model


def test_a_decoder_scores_sequences_as_answers(model: Model) -> None:
    prompt, sequences = "Describe the molecule.", ["ACGT", "GATTACA"]
    decoder = DecoderModel(model, prompt)
    found = decoder.log_likelihoods(sequences)
    assert [one.total for one in found] == pytest.approx([model.score(prompt, one).logprob for one in sequences])
    assert all(one.tokens > 0 > one.total for one in found)
    assert decoder.differences(["ACGT"], ["ACGT"]) == [0.0]
    with pytest.raises(ConfigurationError, match="prompt"):
        DecoderModel(model, " ")
