"""Nucleic acids from a tiny untrained model over an extended vocabulary: every answer is one, of what was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3ForCausalLM

from biomatrix import NucleicAcid
from biomatrix.entities import modalities
from biomatrix.entities.nucleic.pairing import may_pair
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model, TransformersEngine
from biomatrix.generation.adapters.llguidance import lark_grammar
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

OUTPUTS = ("dna_sequence", "dna_kmer", "rna_sequence", "rna_pairs", "mrna_codons")
ASKED = "Make a nucleic acid."


@pytest.fixture(scope="module")
def model() -> Model:
    writers = [one for one in (*modalities("dna"), *modalities("rna")) if one.name in OUTPUTS]
    vocabulary = Vocabulary.build(train_byte_bpe([ASKED, "user assistant system"], 400), modalities=writers)
    section = ModelSection(
        vocabulary=Path("unused"), max_positions=512, hidden_size=32, num_layers=1, intermediate_size=32, num_heads=2,
        num_kv_heads=1, head_dim=16,
    )  # fmt: skip
    torch.manual_seed(0)
    config = qwen3_config(section, len(vocabulary), pad_id=vocabulary.pad_id or 0, end_ids=vocabulary.ending_ids)
    return Model(TransformersEngine(Qwen3ForCausalLM(config).eval(), vocabulary), "nucleic")


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("wish", [{"length": 30}, {"length": (5, 25)}, {"max_new_tokens": 24}], ids=str)
def test_every_answer_is_valid(model: Model, output: str, wish: dict[str, Any]) -> None:
    answers = model.generate(ASKED, output=output, num_samples=20, seed=1, **wish)
    assert len(answers) == 20
    writer = model.vocabulary.modality(output)
    for answer in answers:
        assert isinstance(answer.entity, NucleicAcid), answer.error
        assert answer.entity.kind == writer.kind
        length = wish.get("length", (1, 200))
        least, most = length if isinstance(length, tuple) else (length, length)
        assert least <= len(answer.entity) <= most
    assert len({answer.entity for answer in answers}) > 5 or output == "rna_pairs"
    if output == "mrna_codons":
        assert all(len(answer.entity.features) == 1 for answer in answers)  # type: ignore[union-attr]


@pytest.mark.parametrize("outputs", [("rna_sequence", "rna_pairs"), ("rna_pairs", "rna_sequence")])
def test_bases_and_pairs_of_one_answer_go_together(model: Model, outputs: tuple[str, str]) -> None:
    answers = model.generate(ASKED, output=outputs, length=40, num_samples=10, seed=2)
    paired = 0
    for answer in answers:
        assert answer.error is None
        values = {str(segment.modality): segment.value for segment in answer.segments}
        letters, pairs = values["rna_sequence"], values["rna_pairs"]
        assert isinstance(letters, NucleicAcid)
        assert isinstance(pairs, NucleicAcid)
        assert len(letters) == len(pairs) == 40
        assert all(may_pair(letters.sequence[i], letters.sequence[j]) for i, j in pairs.pairs or ())
        paired += len(pairs.pairs or ())
    assert paired


def test_pairs_are_written_for_a_sequence_that_is_kept(model: Model) -> None:
    acid = NucleicAcid("GGGGAAAACCCCUUUUGGGGAAAAUUUU", "rna")
    outputs = ("rna_sequence", "rna_pairs")
    answers = model.generate(ASKED, output=outputs, kept=(acid, "rna_sequence"), num_samples=5, seed=3)
    found = 0
    for answer in answers:
        assert answer.error is None
        pairs = next(one.value for one in answer.segments if one.modality == "rna_pairs")
        assert isinstance(pairs, NucleicAcid)
        assert all(may_pair(acid.sequence[i], acid.sequence[j]) for i, j in pairs.pairs or ())
        found += len(pairs.pairs or ())
    assert found


def test_a_saved_vocabulary_keeps_levels_and_loops(model: Model, tmp_path: Path) -> None:
    model.vocabulary.save_pretrained(tmp_path)
    again = Vocabulary.from_pretrained(tmp_path)
    assert set(again.modalities) == set(OUTPUTS)
    assert again.modality("rna_pairs").settings() == {"levels": 6, "loop": 3}
    acid = NucleicAcid("GAAAC", "rna", pairs=((0, 4),))
    ids = model.vocabulary.encode_entity(acid, "rna_pairs")
    assert again.encode_entity(acid, "rna_pairs") == ids
    (back,) = again.decode(ids)
    assert isinstance(back, NucleicAcid)
    assert back.pairs == acid.pairs


def test_rules_for_other_engines_add_up_bases_one_at_a_time(model: Model) -> None:
    assert lark_grammar(model.vocabulary, "dna_sequence", length=30)
    assert lark_grammar(model.vocabulary, "dna_kmer")
    with pytest.raises(ConfigurationError, match="count more than one"):
        lark_grammar(model.vocabulary, "dna_kmer", length=30)
