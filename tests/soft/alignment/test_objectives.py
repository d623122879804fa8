"""The three ways of aligning through a real decoder: only the projector is trained, and each loss falls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.loop import align_projector
from biomatrix.soft.alignment.objectives import Autoregressive, ContrastiveHidden, Objective
from biomatrix.soft.alignment.settings import AlignmentSettings
from biomatrix.soft.projector import Projector, ProjectorSettings

pytestmark = pytest.mark.slow

TEXTS = ["an acid", "a phenol of plants", "an ester", "a long chain alcohol"]
VECTORS = np.random.default_rng(0).normal(size=(4, 1, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder("nano")


def objective(name: str, decoder: Decoder) -> Objective:
    keys, wordings = np.arange(4), np.arange(4)[:, None]
    before = decoder.vocabulary.encode_text("Describe ")
    if name == "hidden":
        texts = decoder.states.encode(TEXTS)
        return ContrastiveHidden(decoder.network, before, texts, wordings, keys, centre=texts.mean(axis=0))
    ids = [decoder.vocabulary.encode_text(text) for text in TEXTS]
    return Autoregressive(decoder.network, before, decoder.vocabulary.encode_text(": "), ids, wordings)


@pytest.mark.parametrize("name", ["hidden", "autoregressive"])
def test_the_loss_falls_and_the_decoder_stays_as_it_was(name: str, decoder: Decoder) -> None:
    made = objective(name, decoder)
    frozen = {key: tensor.clone() for key, tensor in decoder.network.state_dict().items()}
    projector = Projector(6, decoder.embeddings.width, decoder.length, ProjectorSettings(width=16, learned=1))
    start = made(projector, torch.from_numpy(VECTORS), torch.arange(4), torch.Generator())
    settings = AlignmentSettings(epochs=15, batch_size=4, learning_rate=5e-3, held_out=0.0)
    aligned = align_projector(projector, VECTORS, np.arange(4), made, settings)
    assert start is not None
    assert aligned.loss < 0.9 * start.item()
    assert all(torch.equal(tensor, frozen[key]) for key, tensor in decoder.network.state_dict().items())
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in decoder.network.parameters())


def test_padding_behind_a_description_changes_nothing(decoder: Decoder) -> None:
    made = objective("autoregressive", decoder)
    projector = Projector(6, decoder.embeddings.width, decoder.length).eval()
    given = torch.from_numpy(VECTORS)
    with torch.no_grad():
        together = made(projector, given, torch.arange(4), torch.Generator())
        alone = [made(projector, given[[at]], torch.tensor([at]), torch.Generator()) for at in range(4)]
    counts = [len(decoder.vocabulary.encode_text(text)) for text in TEXTS]
    assert together is not None
    wanted = sum(loss.item() * count for loss, count in zip(alone, counts, strict=True) if loss is not None)
    assert together.item() == pytest.approx(wanted / sum(counts), abs=1e-4)
