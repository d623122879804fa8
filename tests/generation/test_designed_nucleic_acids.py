"""Nucleic acids under constraints, from a tiny untrained model: right by construction, or refused before it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import Qwen3ForCausalLM

from biomatrix import NucleicAcid
from biomatrix.entities import modalities
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.nucleic.motifs import parse_motifs
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model, TransformersEngine
from biomatrix.generation.constraint_registry import checked_constraints
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

ASKED = "Make a nucleic acid."
PROTEIN = "MKTAYIAKQRLEG"
MOTIFS = "EcoRI;BsaI;runs>4"


@pytest.fixture(scope="module")
def model() -> Model:
    writers = [*modalities("dna"), *(one for one in modalities("rna") if not one.needs_tokenizer)]
    vocabulary = Vocabulary.build(train_byte_bpe([ASKED, "user assistant system"], 400), modalities=writers)
    section = ModelSection(
        vocabulary=Path("unused"), max_positions=1024, hidden_size=32, num_layers=1, intermediate_size=32, num_heads=2,
        num_kv_heads=1, head_dim=16,
    )  # fmt: skip
    torch.manual_seed(0)
    config = qwen3_config(section, len(vocabulary), pad_id=vocabulary.pad_id or 0, end_ids=vocabulary.ending_ids)
    return Model(TransformersEngine(Qwen3ForCausalLM(config).eval(), vocabulary), "nucleic")


def designs(model: Model, output: str, *constraints: str, **wishes: object) -> list[NucleicAcid]:
    answers = model.generate(ASKED, output=output, constraints=list(constraints), num_samples=8, seed=1, **wishes)
    assert [answer.error for answer in answers] == [None] * 8
    assert not any(answer.refused for answer in answers)
    found = [answer.entity for answer in answers]
    for entity in found:
        assert isinstance(entity, NucleicAcid)
        wishes_ = checked_constraints(list(constraints))
        assert all(wish.fault(entity) is None for wish in wishes_ if isinstance(wish, Constraint))
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("output", ["dna_sequence", "rna_sequence"])
def test_a_protein_is_kept(model: Model, output: str) -> None:
    found = designs(model, output, f"translates={PROTEIN}*", f"avoid={MOTIFS}", "gc=40-45%", "flanks=GCC..GAATT")
    for entity in found:
        assert entity.translate() == PROTEIN + "*"
        assert all(motif.found(entity.sequence) is None for motif in parse_motifs(MOTIFS))
    assert len({entity.sequence for entity in found}) > 4


def test_a_transcript_in_one_generation(model: Model) -> None:
    wishes = f"translates={PROTEIN}", f"avoid={MOTIFS}", "utr5=12-30;no-aug;kozak", "utr3=10-40;no-polya"
    for entity in designs(model, "mrna_codons", *wishes):
        (coding,) = entity.features
        start, stop = coding.intervals[0].start, coding.intervals[0].stop
        assert entity.cds(coding).translate() == PROTEIN + "*"
        assert 12 <= start <= 30
        assert 10 <= len(entity) - stop <= 40
        assert entity.sequence.index("AUG") == start
        assert entity.sequence[start - 6 : start] in ("GCCACC", "GCCGCC")
        assert not any(signal in entity.sequence[start:] for signal in ("AAUAAA", "AUUAAA"))


def test_given_parts_and_a_share_over_the_whole_transcript(model: Model) -> None:
    wishes = f"translates={PROTEIN}", "utr5=GGGAAAUAAGAGAGAAAAGAAGAGUAAGAAGAAAUAUAAGAGCCACC", "utr3=30", "gc=46-47%"
    for entity in designs(model, "mrna_codons", *wishes):
        assert entity.sequence.startswith("GGGAAAUAAGAGAGAAAAGAAGAGUAAGAAGAAAUAUAAGAGCCACCAUG")
        assert 0.46 <= sum(map(entity.sequence.count, "GC")) / len(entity) <= 0.47


def test_an_untranslated_part_of_an_exact_length_base_by_base(model: Model) -> None:
    wishes = f"translates={PROTEIN}*", "utr5=GCCACC;no-aug", "utr3=12;no-polya", "bases=4:AAG", "avoid=runs>4"
    for entity in designs(model, "rna_sequence", *wishes):
        assert entity.sequence.startswith("GCCACCAUGAAG")
        assert len(entity) == 6 + 3 * (len(PROTEIN) + 1) + 12
        assert entity.slice(6, len(entity) - 12).translate() == PROTEIN + "*"


def test_a_pairing_and_bases(model: Model) -> None:
    brackets = "((((..(((..)))..))))..(((....)))"
    for entity in designs(model, "rna_sequence", f"folds={brackets}", "bases=1:GS;5:R", "avoid=+GGGG;runs>4"):
        assert len(entity) == len(brackets)
    pseudoknot = "((((..[[[..))))...]]].(((....)))"
    for entity in designs(model, "rna_sequence", f"folds={pseudoknot}", "bases=1:GS;5:R"):
        assert len(entity) == len(pseudoknot)
    for entity in designs(model, "dna_sequence", "avoid=GATC;runs>3", "gc=50-60%", "gc=30-70%/20", length=40):
        assert len(entity) == 40


def test_what_cannot_be_kept_is_refused_before_anything_is_written(model: Model) -> None:
    for output, constraints, message in (
        ("dna_sequence", ["translates=MWWK", "avoid=+TGGTGG"], r"closes at residue 3 \(W\)"),
        ("dna_sequence", ["translates=MKW", "length"], "no constraint named"),
        ("rna_sequence", ["translates=MU"], r"residue 2 \(U\)"),
        ("dna_kmer", ["avoid=EcoRI"], "dna_kmer does not"),
        ("mrna_codons", ["avoid=EcoRI"], "translates=PROTEIN"),
        ("mrna_codons", ["translates=MKW", "folds=((...))"], "rna_sequence"),
        ("mrna_codons", ["translates=MKW", "gc=40-60%"], "exact length"),
        ("rna_sequence", ["translates=MKW", "utr5=5-9"], "exact length"),
        ("dna_sequence", ["translates=MKW", "translates=MKF"], "two constraints"),
        ("dna_sequence", ["gc=60-40%"], "lower bound first"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            model.generate(ASKED, output=output, constraints=constraints)
