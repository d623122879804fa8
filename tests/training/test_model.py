"""Models start as asked, and a checkpoint grows without losing a bit of what it knew."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

from biomatrix.entities import modality
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.training.config import ModelSection, RunSection
from biomatrix.training.model import build_model, qwen3_config
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

TEXTS = ["Begins and ends a molecule SMILES SELFIES string, protein sequence, Tryptophan, any amino acid"]
NAMES = ("molecule_selfies", "protein_sequence")
SMALL = {
    "hidden_size": 16, "num_layers": 1, "intermediate_size": 16, "num_heads": 2, "num_kv_heads": 1, "head_dim": 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def base() -> PreTrainedTokenizerFast:
    """A byte-level BPE."""
    return train_byte_bpe(TEXTS, 330)


def vocabulary_of(base: PreTrainedTokenizerFast, names: tuple[str, ...] = NAMES) -> Vocabulary:
    return Vocabulary.build(base, modalities=[modality(name) for name in names])


@pytest.fixture
def run(tmp_path: Path) -> RunSection:
    """Settings of a run."""
    return RunSection(output=tmp_path, max_steps=1)


@pytest.fixture
def checkpoint(base: PreTrainedTokenizerFast, tmp_path: Path) -> Path:
    """A text model with embedding rows to spare."""
    torch.manual_seed(3)
    sizes = ModelSection(vocabulary=tmp_path, row_multiple=64, **SMALL)
    folder = tmp_path / "base"
    config = qwen3_config(sizes, len(base), pad_id=base.pad_token_id, end_ids=[base.eos_token_id])
    Qwen3ForCausalLM(config).save_pretrained(folder)
    base.save_pretrained(folder)
    return folder


def test_every_field_that_matters_is_written(base: PreTrainedTokenizerFast, run: RunSection, tmp_path: Path) -> None:
    vocabulary = vocabulary_of(base)
    config = build_model(ModelSection(vocabulary=tmp_path, **SMALL), vocabulary, run).config
    assert config.rope_parameters["rope_theta"] == 1_000_000.0
    assert config.tie_word_embeddings
    assert config.pad_token_id == vocabulary.pad_id
    assert set(config.eos_token_id) == set(vocabulary.ending_ids) == {base.eos_token_id, base.pad_token_id}
    assert config.vocab_size == len(vocabulary)


def test_a_start_depends_on_the_seed_alone(base: PreTrainedTokenizerFast, run: RunSection, tmp_path: Path) -> None:
    vocabulary, sizes = vocabulary_of(base), ModelSection(vocabulary=tmp_path, **SMALL)
    first, again = (build_model(sizes, vocabulary, run).state_dict() for _ in range(2))
    other = build_model(sizes, vocabulary, run.model_copy(update={"seed": 1})).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["model.embed_tokens.weight"], other["model.embed_tokens.weight"])
    new = first["model.embed_tokens.weight"][torch.from_numpy(vocabulary.new_ids)]
    assert 0.01 < float(new.std()) < 0.05


def test_a_checkpoint_grows_and_keeps_its_rows(
    base: PreTrainedTokenizerFast, checkpoint: Path, run: RunSection
) -> None:
    vocabulary = vocabulary_of(base)
    sizes = ModelSection(vocabulary=checkpoint, checkpoint=str(checkpoint), initialisation="description")
    before = Qwen3ForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).get_input_embeddings().weight
    grown = build_model(sizes, vocabulary, run).get_input_embeddings().weight
    assert len(grown) >= len(vocabulary) > len(before)
    assert torch.equal(grown[: len(base)], before[: len(base)])
    assert float(grown.detach()[torch.from_numpy(vocabulary.new_ids)].norm(dim=1).min()) > 0


def test_growing_again_keeps_the_modalities_it_had(
    base: PreTrainedTokenizerFast, checkpoint: Path, run: RunSection, tmp_path: Path
) -> None:
    first = vocabulary_of(base, NAMES[:1])
    sizes = ModelSection(vocabulary=checkpoint, checkpoint=str(checkpoint), initialisation="description")
    once = build_model(sizes, first, run)
    with torch.no_grad():
        once.get_input_embeddings().weight.add_(0.01)
    middle = tmp_path / "once"
    once.save_pretrained(middle)
    first.save_pretrained(middle)
    second = vocabulary_of(first.tokenizer, NAMES)
    again = build_model(sizes.model_copy(update={"checkpoint": str(middle)}), second, run)
    old, new = (m.get_input_embeddings().weight for m in (once, again))
    assert torch.equal(new[: len(first)], old[: len(first)])


def test_another_tokenizer_is_refused(checkpoint: Path, run: RunSection) -> None:
    other = vocabulary_of(train_byte_bpe(["quite other words, zebra zebra zebra"], 300))
    sizes = ModelSection(vocabulary=checkpoint, checkpoint=str(checkpoint))
    with pytest.raises(WeightsError, match="extend the checkpoint's own tokenizer"):
        build_model(sizes, other, run)


def test_impossible_starts_are_refused(base: PreTrainedTokenizerFast, run: RunSection, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot open the model"):
        build_model(ModelSection(vocabulary=tmp_path, checkpoint=str(tmp_path)), vocabulary_of(base), run)
    heads = ModelSection(vocabulary=tmp_path, num_heads=4, num_kv_heads=3)
    with pytest.raises(ConfigurationError, match="multiple of num_kv_heads"):
        build_model(heads, vocabulary_of(base), run)
