"""Cells from a tiny untrained model: valid, of the length asked for, without a gene twice, in every layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen3ForCausalLM

from biomatrix import Cell
from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.entities.cell.modalities.expression import CellExpression
from biomatrix.entities.cell.modalities.expression_grammar import LAYOUTS
from biomatrix.entities.once_automaton import OnceAutomaton
from biomatrix.errors import ConfigurationError, VocabularyError
from biomatrix.generation import Model, TransformersEngine
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

GENES = 40


@pytest.fixture(scope="module")
def genes(shared: Path) -> tuple[str, ...]:
    table = gene_table()
    return tuple(table.ensembl_id[table.has_token & (table.biotype == "protein_coding")][:GENES].tolist())


def model_of(writer: CellExpression) -> Model:
    """Return an untrained model over a small tokenizer and the tokens of a modality."""
    texts = ["Make a cell. user assistant system"]
    vocabulary = Vocabulary.build(train_byte_bpe(texts, 400), modalities=[writer])
    section = ModelSection(
        vocabulary=Path("unused"), max_positions=512, hidden_size=32, num_layers=1, intermediate_size=32, num_heads=2,
        num_kv_heads=1, head_dim=16,
    )  # fmt: skip
    torch.manual_seed(0)
    config = qwen3_config(section, len(vocabulary), pad_id=vocabulary.pad_id or 0, end_ids=vocabulary.ending_ids)
    return Model(TransformersEngine(Qwen3ForCausalLM(config).eval(), vocabulary), "cells")


@pytest.fixture(scope="module", params=LAYOUTS)
def model(request: Any, genes: tuple[str, ...]) -> Model:
    return model_of(CellExpression(request.param, genes=genes, levels=4))


def written(model: Model, answer: Any) -> list[str]:
    """Return the tokens inside the segment."""
    tokens = [str(model.vocabulary.backend.id_to_token(id_)) for id_ in answer.token_ids]
    assert (tokens[0], tokens[-1]) == (CellExpression.start_token, CellExpression.end_token)
    return tokens[1:-1]


def test_a_saved_vocabulary_keeps_layout_levels_and_genes(model: Model, tmp_path: Path) -> None:
    vocabulary = model.vocabulary
    vocabulary.save_pretrained(tmp_path)
    again = Vocabulary.from_pretrained(tmp_path)
    assert again.modalities == ("cell_expression",)
    assert again.modality("cell_expression").settings() == vocabulary.modality("cell_expression").settings()
    table = gene_table()
    cell = Cell(table.ensembl_id[table.has_token][:90], np.arange(1, 91, dtype=np.float32))
    ids = vocabulary.encode_entity(cell, "cell_expression")
    assert again.encode_entity(cell, "cell_expression") == ids
    (back,) = again.decode(ids)
    assert isinstance(back, Cell)
    with pytest.raises(VocabularyError, match="other settings"):
        Vocabulary.from_pretrained(tmp_path, modalities=[CellExpression()])


@pytest.mark.parametrize("length", [1, 12, GENES])
def test_answers_hold_as_many_genes_as_asked(model: Model, length: int) -> None:
    writer: Any = model.vocabulary.modality("cell_expression")
    answers = model.generate("Make a cell.", output="cell_expression", length=length, num_samples=6, seed=1)
    texts = set()
    for answer in answers:
        assert isinstance(answer.entity, Cell), answer.error
        assert len(answer.entity) == length
        assert len(set(answer.entity.genes)) == length
        inside = written(model, answer)
        texts.add(" ".join(inside))
        assert all(check.passed for check in writer.check_tokens(inside))
        assert {"number of genes", "mitochondrial counts", "coherent markers"} <= {each.name for each in answer.checks}
    assert len(texts) > 1 or length == 1


def test_free_lengths_ranges_and_other_ways_of_searching(model: Model) -> None:
    """As many tokens as fit, more than there are genes, greedy, by beams: a model without training repeats itself."""
    asked: dict[str, Any] = {"output": "cell_expression", "seed": 3}
    for wish in ({"num_samples": 4}, {"length": (3, 9), "num_samples": 4}, {"greedy": True, "length": 30},
                 {"beams": 3, "length": 10}, {"max_new_tokens": 9, "num_samples": 4}):  # fmt: skip
        for answer in model.generate("Make a cell.", **asked, **wish):
            assert isinstance(answer.entity, Cell), answer.error
            assert len(set(answer.entity.genes)) == len(answer.entity)


def test_answers_do_not_depend_on_their_neighbours(model: Model) -> None:
    asked: dict[str, Any] = {"output": "cell_expression", "seed": 5}
    many = model.generate("Make a cell.", length=15, num_samples=5, **asked)
    mixed = [*model.generate("Make a cell.", length=15, num_samples=2, **asked)]
    for one, other in zip(mixed, many[:2], strict=True):
        assert one.token_ids == other.token_ids
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_log_probabilities_are_among_what_is_not_spent(genes: tuple[str, ...]) -> None:
    """The last gene of all of them is certain, and the guide says what the fast way draws from."""
    model = model_of(CellExpression("genes", genes=genes, depth=False))
    (answer,) = model.generate("Make a cell.", output="cell_expression", length=GENES, seed=1)
    assert answer.token_logprobs[-2] == pytest.approx(0.0, abs=1e-9)
    assert max(answer.token_logprobs[1:-2]) < 0
    guide = model.vocabulary.automaton("cell_expression")
    assert isinstance(guide, OnceAutomaton)


def test_more_genes_than_there_are_is_refused(model: Model) -> None:
    with pytest.raises(ConfigurationError, match=f"the vocabulary holds {GENES}"):
        model.generate("Make a cell.", output="cell_expression", length=GENES + 1)


def test_text_with_cells_in_it(model: Model) -> None:
    """Where an answer in text opens a cell, its genes come once too."""
    from biomatrix.entities.automaton import Bounds
    from biomatrix.generation.text_automaton import TextAutomaton

    guide = TextAutomaton.from_vocabulary(model.vocabulary)
    random = np.random.default_rng(0)
    states = guide.advance(guide.start(Bounds(60))[None], np.array([model.vocabulary.start_id("cell_expression")]))
    seen: list[int] = []
    while seen[-1:] != [model.vocabulary.end_id("cell_expression")]:
        (ranges,) = guide.allowed(states)
        seen.append(int(random.choice(np.concatenate([np.arange(*span) for span in ranges]))))
        states = guide.advance(states, np.array(seen[-1:]))
    writer = model.vocabulary.modality("cell_expression")
    writer.decode([str(model.vocabulary.backend.id_to_token(id_)) for id_ in seen[:-1]])
