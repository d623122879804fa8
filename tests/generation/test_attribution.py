"""Attributions add up, do not depend on the batch, and stand with the residues and atoms that they are about."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.generation import Model
from biomatrix.generation.attribution import METHODS, UNIT, attribute
from biomatrix.generation.attribution_figures import attribution_figure, described_places

CHAIN = bm.Protein.from_sequence("MKTAYIAK")
MOLECULE = bm.Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O")


def prompts() -> list[list[object]]:
    return [["Fold ", CHAIN, "."], ["Describe ", (MOLECULE, "molecule_smiles")], ["Describe ", MOLECULE, CHAIN]]


@pytest.mark.parametrize("prompt", prompts(), ids=["chain", "smiles", "both"])
def test_integrated_gradients_add_up_to_the_difference_of_scores(model: Model, prompt: list[object]) -> None:
    found = attribute(model, prompt, "the molecule", "integrated_gradients")  # type: ignore[arg-type]
    assert abs(found.score - found.neutral) > 0.05
    assert abs(found.gap) < 1e-2
    coarse = attribute(model, prompt, "the molecule", "integrated_gradients", steps=2)  # type: ignore[arg-type]
    assert abs(coarse.gap) > abs(found.gap)
    assert found.score == pytest.approx(model.score(prompt, "the molecule").logprob, abs=1e-3)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_rows_read_together_change_nothing(model: Model, method: str) -> None:
    alone, together = (attribute(model, ["Fold ", CHAIN], "user", method, rows=rows) for rows in (1, 16))
    assert np.allclose(alone.values, together.values, atol=1e-4, equal_nan=True)
    assert np.allclose(alone.entities[0].weights, together.entities[0].weights, atol=1e-4)


def test_occlusion_is_the_fall_without_one_residue(model: Model) -> None:
    """Taken from the definition: one residue's embedding is the mean of all residues', nothing else changes."""
    from biomatrix.generation.continuation_scores import ContinuationScores

    found = attribute(model, ["Fold ", CHAIN], "user")
    ids = model.prompt_ids(["Fold ", CHAIN])
    scores = ContinuationScores(model.network, model.vocabulary, model.vocabulary.encode("user"))
    place = found.judged.entities[0].tokens[3][0]
    assert found.tokens[place] == "<A A>"
    prompt = scores.embeddings(ids)
    changed = prompt.clone()
    residues = sorted(model.vocabulary.segment_ids("protein_sequence").tokens.values())
    changed[place] = scores.embedding[residues].mean(dim=0)
    before, after = scores.of_prompts([prompt, changed])
    assert found.entities[0].weights[3] == pytest.approx(before - after, abs=1e-5)
    assert found.values[place] == pytest.approx(before - after, abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_control_tokens_and_the_conversation_are_not_judged(model: Model, method: str) -> None:
    found = attribute(model, ["Fold ", CHAIN], "user", method, steps=4)
    judged = {token for token, value in zip(found.tokens, found.values, strict=True) if np.isfinite(value)}
    assert "<|prot_aa_start|>" not in judged
    assert "<|im_start|>" not in judged
    assert {"<A M>", "<A K>"} <= judged
    assert np.isnan(found.values[-1])  # the line end after "assistant"
    raw = attribute(model, ["Fold ", CHAIN], "user", method, steps=4, raw=True)
    assert len(raw.tokens) < len(found.tokens)


@pytest.mark.parametrize("modality", ["molecule_smiles", "molecule_selfies"])
def test_weights_stand_with_the_atoms_of_the_entity_as_shown(model: Model, modality: str) -> None:
    (shown,) = attribute(model, ["Is ", (MOLECULE, modality)], "user", "integrated_gradients", steps=8).entities
    assert isinstance(shown.entity, bm.Molecule)
    assert len(shown.weights) == shown.entity.num_atoms == MOLECULE.num_atoms
    assert np.isfinite(shown.weights).all()
    picture = shown.picture()
    assert picture is not None
    assert picture.startswith("<svg")
    assert picture.count("<ellipse") == 13


def test_a_strip_of_residues_is_drawn(model: Model) -> None:
    (shown,) = attribute(model, ["Fold ", CHAIN], "user").entities
    picture = shown.picture()
    assert picture is not None
    assert picture.count("<rect") == len(CHAIN) + 1  # and the legend
    assert "<title>M1:" in picture
    assert shown.ranked()[0] == int(np.argmax(shown.weights))


@pytest.mark.parametrize("method", METHODS)
def test_a_figure_says_what_was_explained_and_in_which_unit(model: Model, method: str) -> None:
    found = attribute(model, ["Is ", (MOLECULE, "molecule_smiles"), CHAIN], "<user & system>", method, steps=4)
    figure = attribution_figure(found, "<user & system>")
    assert figure is not None
    texts = [element.text or "" for element in ElementTree.fromstring(figure).iter() if element.tag.endswith("text")]
    assert texts[0] == "Why '<user & system>'?"
    assert method.replace("_", " ") in texts[1]
    assert f"{found.score:.2f} nats" in texts[2]
    assert {"molecule_smiles", "protein_sequence"} <= set(texts)
    assert texts.count(UNIT) == 2  # beside the bar of each entity
    assert attribution_figure(attribute(model, "Fold", "user"), "user") is None


def test_each_token_says_which_residues_it_writes(model: Model) -> None:
    found = attribute(model, ["Fold ", CHAIN], "user")
    written = described_places(found)
    assert [written[place] for place in sorted(written)] == [str(number) for number in range(1, len(CHAIN) + 1)]
    assert {found.tokens[place] for place in written} == {f"<A {letter}>" for letter in CHAIN.sequence}


def test_progress_is_told_with_the_rate_and_the_time_left(
    model: Model, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biomatrix.generation.attribution._SECONDS", 0.0)
    caplog.set_level("INFO", "biomatrix")
    attribute(model, ["Fold ", CHAIN], "user", rows=4)
    assert re.search(r"occlusion: 4 of \d+ variants of the prompt, [\d.]+/s, \d+ s left", caplog.text)
    attribute(model, ["Fold ", CHAIN], "user", "integrated_gradients", steps=8, rows=4)
    assert re.search(r"integrated gradients: 4 of 8 steps, [\d.]+/s, \d+ s left", caplog.text)


def test_what_cannot_be_explained_is_refused(model: Model) -> None:
    with pytest.raises(ConfigurationError, match="occlusion, integrated_gradients"):
        attribute(model, "Describe", "user", "magic")
    with pytest.raises(ConfigurationError, match="empty"):
        attribute(model, "Describe", "")
    with pytest.raises(LimitError, match="context"):
        attribute(model, ["Fold ", bm.Protein.from_sequence("M" * 300)], "user")
