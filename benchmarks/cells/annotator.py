"""A small Qwen3 that reads a list of genes and then says the type, as the next token."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import Qwen3ForCausalLM

from biomatrix.evaluation.baselines.cells.annotation import Told
from biomatrix.evaluation.baselines.cells.peak_weights import tf_idf
from biomatrix.evaluation.cells.annotation import Method
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from cells.gene_lists import CONTROLS, GeneVocabulary, batch_of, gene_lists, thinned

MEMBERS = 3
"""Decoders, alike but for their seed, whose probabilities are averaged."""


@dataclass(frozen=True)
class AnnotatorSettings:
    """Sizes and training of the decoder."""

    top: int = 200
    width: int = 128
    layers: int = 1
    epochs: int = 12
    batch: int = 32
    rate: float = 3e-3
    embedding_rate: float = 3e-4
    """Of the embeddings, which start from the training cells' components and should stay near them."""
    decay: float = 0.1
    kept: float = 0.4
    """The least share of the genes that a training cell keeps; each reading draws one from here to 1."""
    smoothing: float = 0.1
    fewest: int = 10
    """Types count alike in the loss, however many cells they have; fewer cells than these are taken for as many."""
    seed: int = 0


def make_decoder(vocabulary_size: int, settings: AnnotatorSettings) -> Qwen3ForCausalLM:
    """Return an untrained decoder."""
    sizes = ModelSection(
        vocabulary=Path(),  # none is read: the ids are those of `GeneVocabulary`
        hidden_size=settings.width, intermediate_size=2 * settings.width, num_layers=settings.layers,
        num_heads=4, num_kv_heads=4, head_dim=settings.width // 4, max_positions=1024, row_multiple=8,
    )  # fmt: skip
    torch.manual_seed(settings.seed)
    return Qwen3ForCausalLM(qwen3_config(sizes, vocabulary_size, pad_id=None, end_ids=[1]))


def parameters(model: torch.nn.Module) -> int:
    """Return the number of weights."""
    return sum(each.numel() for each in model.parameters())


def hidden_states(model: Qwen3ForCausalLM, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Return the last hidden states, ``float32 [B, T, D]``.

    The causal mask is given whole: without it, Transformers would take a gap between positions for the start of
    another document.
    """
    length = ids.shape[1]
    mask = torch.full((length, length), torch.finfo(torch.float32).min).triu(1)[None, None]
    found = model.model(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False)
    return found.last_hidden_state


def start_from_components(model: Qwen3ForCausalLM, values: NDArray[np.float64]) -> None:
    """Set the embeddings of genes to their loadings on the principal components of the training cells."""
    width = model.config.hidden_size
    centred = values - values.mean(axis=0)
    scaled = centred / np.maximum(centred.std(axis=0), 0.1)
    _, scale, right = np.linalg.svd(scaled, full_matrices=False)
    count = min(width, len(scale))
    loadings = right[:count].T * scale[:count] / np.sqrt(len(values))
    loadings *= 0.02 / loadings.std()
    with torch.no_grad():
        rows = model.get_input_embeddings().weight
        rows[CONTROLS : CONTROLS + len(loadings), :count] = torch.from_numpy(loadings).float()


def optimiser_of(model: Qwen3ForCausalLM, settings: AnnotatorSettings) -> torch.optim.AdamW:
    """Return AdamW: embeddings at a rate of their own, matrices with decay, the rest without."""
    embeddings = model.get_input_embeddings().weight
    others = [each for each in model.parameters() if each is not embeddings]
    return torch.optim.AdamW(
        [
            {"params": [embeddings], "lr": settings.embedding_rate, "weight_decay": 0.0},
            {"params": [each for each in others if each.ndim > 1], "weight_decay": settings.decay},
            {"params": [each for each in others if each.ndim == 1], "weight_decay": 0.0},
        ],
        lr=settings.rate,
    )


def fit(
    model: Qwen3ForCausalLM,
    settings: AnnotatorSettings,
    count: int,
    loss_of: Callable[[NDArray[np.int64], np.random.Generator], torch.Tensor],
) -> None:
    """Train on ``count`` rows, in an order of its own each epoch; ``loss_of`` has a batch's rows and the generator."""
    generator = np.random.default_rng(settings.seed)
    optimiser = optimiser_of(model, settings)
    steps = settings.epochs * -(-count // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [group["lr"] for group in optimiser.param_groups], steps, pct_start=0.1
    )
    model.train()
    for _ in range(settings.epochs):
        order = generator.permutation(count)
        for first in range(0, count, settings.batch):
            loss = loss_of(order[first : first + settings.batch], generator)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    model.eval()


def _even(places: NDArray[np.int64], types: int, fewest: int) -> torch.Tensor:
    """Return the weight of each type in the loss, ``float32 [T]``, 1 for one of the mean size."""
    counts = np.maximum(np.bincount(places, minlength=types), fewest)
    return torch.from_numpy(counts.mean() / counts).float()


class Annotator:
    """A decoder fitted to labelled cells.

    Parameters
    ----------
    values : ndarray, shape=(n, G)
        Of the training cells: log expression, or weights of open peaks.
    labels : ndarray, shape=(n,), dtype=str
    settings : AnnotatorSettings
    """

    def __init__(
        self, values: NDArray[np.float64], labels: NDArray[np.str_], settings: AnnotatorSettings | None = None
    ) -> None:
        self.settings = settings or AnnotatorSettings()
        self.vocabulary = GeneVocabulary(values.shape[1], tuple(np.unique(labels).tolist()))
        self.model = make_decoder(len(self.vocabulary), self.settings)
        start_from_components(self.model, values)
        began = time.process_time()
        self._fit(gene_lists(values, self.settings.top), self.vocabulary.type_places(labels))
        self.seconds = time.process_time() - began

    def _type_logits(self, lists: NDArray[np.int64]) -> torch.Tensor:
        ids, positions, last = batch_of(lists)
        states = hidden_states(self.model, torch.from_numpy(ids), torch.from_numpy(positions))
        ends = states[torch.arange(len(ids)), torch.from_numpy(last)]
        head = self.model.get_output_embeddings().weight
        first = self.vocabulary.first_type
        return functional.linear(ends, head[first : first + len(self.vocabulary.types)])

    def _fit(self, lists: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        one = self.settings
        weights = _even(places, len(self.vocabulary.types), one.fewest)

        def loss_of(rows: NDArray[np.int64], generator: np.random.Generator) -> torch.Tensor:
            logits = self._type_logits(thinned(lists[rows], one.kept, generator))
            return functional.cross_entropy(
                logits, torch.from_numpy(places[rows]), weight=weights, label_smoothing=one.smoothing
            )

        fit(self.model, one, len(lists), loss_of)

    @torch.inference_mode()
    def chances(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of each type, ``float64 [m, T]``."""
        lists = gene_lists(values, self.settings.top)
        logits = [self._type_logits(lists[first : first + 256]) for first in range(0, len(lists), 256)]
        return np.asarray(torch.cat(logits).softmax(-1).double().numpy())


def told_of(chances: NDArray[np.float64], types: Sequence[str]) -> Told:
    """Return the most probable types of probabilities, ``float64 [m, T]``."""
    return Told(np.asarray(types, dtype=np.str_)[chances.argmax(axis=1)], chances.max(axis=1))


def decoder_method(task: CellTask) -> Method:
    """Return decoders of several seeds as one method of annotation, seconds and weights printed.

    A single one moves by 1 to 2% of the test cells from seed to seed, where these are few by far more; so each one's
    accuracy is printed beside that of their mean.
    """

    def method(train: LabelledCells, asked: LabelledCells) -> Told:
        if task.features == "peaks":
            everyone = np.concatenate([train.values, asked.values])
            weighted = tf_idf(everyone, np.arange(len(everyone)) < len(train))
            values, questions = weighted[: len(train)], weighted[len(train) :]
        else:
            values, questions = train.log_values(), asked.log_values()
        fitted = [Annotator(values, train.labels, replace(AnnotatorSettings(), seed=seed)) for seed in range(MEMBERS)]
        weights, seconds = sum(parameters(each.model) for each in fitted), sum(each.seconds for each in fitted)
        print(f"{task.name}: {MEMBERS} decoders, {weights:,} weights, {seconds:.0f} s of one core to train")
        types, chances = fitted[0].vocabulary.types, [each.chances(questions) for each in fitted]
        for seed, one in enumerate(chances):
            alone = (told_of(one, types).types == asked.labels).mean()
            print(f"{task.name}: seed {seed} alone {alone:.3f}")
        return told_of(np.mean(chances, axis=0), types)

    return method
