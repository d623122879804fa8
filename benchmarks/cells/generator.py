"""A small Qwen3 that writes cells of a type, the highest gene first, no gene twice; and what its cells are worth."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from biomatrix.evaluation.baselines.cells.unigram import unigram_cells
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.results import CellResult, Row
from biomatrix.evaluation.cells.split import Split
from biomatrix.evaluation.cells.task_list import CellTask
from biomatrix.metrics.cells.generation import knn_agreement, mean_profile_pearson, validity
from cells.annotator import (
    AnnotatorSettings,
    fit,
    hidden_states,
    make_decoder,
    parameters,
    start_from_components,
)
from cells.gene_lists import CONTROLS, END, PAD, START, GeneVocabulary, gene_lists

TEMPERATURE = 0.8
"""Of 1.0, 0.8 and 0.6, that at which the kNN of training cells knows the cells of no type badly."""
SETTINGS = replace(AnnotatorSettings(), width=64, epochs=30, decay=0.01, embedding_rate=3e-3)
EACH = 1000
COMPONENTS = 50


class Generator:
    """A decoder of type, start, genes and end, trained on whole lists, equal values in an order drawn each time."""

    def __init__(
        self, values: NDArray[np.float64], labels: NDArray[np.str_], settings: AnnotatorSettings = SETTINGS
    ) -> None:
        self.settings = settings
        self.vocabulary = GeneVocabulary(values.shape[1], tuple(np.unique(labels).tolist()))
        self.model = make_decoder(len(self.vocabulary), settings)
        start_from_components(self.model, values)
        self._start_types(values, labels)
        self.least = int((gene_lists(values, settings.top) >= 0).sum(axis=1).min())
        began = time.process_time()
        self._fit(values, self.vocabulary.type_places(labels) + self.vocabulary.first_type)
        self.seconds = time.process_time() - began

    @torch.no_grad()
    def _start_types(self, values: NDArray[np.float64], labels: NDArray[np.str_]) -> None:
        """Set the embedding of each type to the direction of what its cells express more than others."""
        rows = self.model.get_input_embeddings().weight
        genes = rows[CONTROLS : CONTROLS + values.shape[1]].double().numpy()
        spread = np.maximum(values.std(axis=0), 0.1)
        for place, name in enumerate(self.vocabulary.types):
            above = (values[labels == name].mean(axis=0) - values.mean(axis=0)) / spread
            direction = torch.from_numpy(above @ genes).float()
            rows[self.vocabulary.first_type + place] = direction / direction.std() * genes.std()

    def _fit(self, values: NDArray[np.float64], types: NDArray[np.int64]) -> None:
        head = self.model.get_output_embeddings().weight

        def loss_of(places: NDArray[np.int64], generator: np.random.Generator) -> torch.Tensor:
            lists = gene_lists(values[places], self.settings.top, ties=generator)
            rows = torch.from_numpy(_written(lists, types[places]))
            positions = torch.arange(rows.shape[1] - 1).expand(len(rows), -1)
            logits = functional.linear(hidden_states(self.model, rows[:, :-1], positions), head)
            targets = rows[:, 1:].masked_fill(rows[:, 1:] == PAD, -100)
            targets[:, 0] = -100  # the start is given
            return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

        fit(self.model, self.settings, len(values), loss_of)

    @torch.inference_mode()
    def cells(self, name: str, count: int, seed: int = 0, batch: int = 250) -> NDArray[np.int64]:
        """Return lists of genes as places in the matrix, ``int64 [count, top]``, -1 where a list is shorter.

        What a list already holds is spent; the end is allowed from the shortest training list on.
        """
        torch.manual_seed(seed)
        type_id = self.vocabulary.first_type + self.vocabulary.types.index(name)
        return np.concatenate([self._batch(type_id, min(batch, count - first)) for first in range(0, count, batch)])

    def _batch(self, type_id: int, count: int) -> NDArray[np.int64]:
        forbidden = torch.zeros(count, len(self.vocabulary), dtype=torch.bool)
        forbidden[:, [START, END, PAD]] = True
        forbidden[:, self.vocabulary.first_type :] = True
        ids = torch.tensor([[type_id, START]]).repeat(count, 1)
        found = torch.full((count, self.settings.top), -1)
        ended, cache = torch.zeros(count, dtype=torch.bool), None
        for place in range(self.settings.top):
            forbidden[:, END] = place < self.least
            out = self.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            logits = out.logits[:, -1, : len(self.vocabulary)].masked_fill(forbidden, -torch.inf)
            drawn = torch.multinomial((logits / TEMPERATURE).softmax(-1), 1)
            ended |= drawn[:, 0] == END
            if bool(ended.all()):
                break
            found[:, place] = torch.where(ended, -1, drawn[:, 0] - CONTROLS)
            forbidden.scatter_(1, drawn, True)
            ids = drawn
        return found.numpy()


def _written(lists: NDArray[np.int64], types: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return type, start, genes, end and padding, ``int64 [n, top + 3]``."""
    ids = np.full((len(lists), lists.shape[1] + 3), PAD, dtype=np.int64)
    ids[:, 0], ids[:, 1] = types, START
    ids[:, 2:-1] = np.where(lists >= 0, lists, PAD)
    ids[np.arange(len(ids)), (lists >= 0).sum(axis=1) + 2] = END
    return ids


def rank_curve(values: NDArray[np.float64], top: int) -> NDArray[np.float64]:
    """Return the mean value at each rank over cells that reach it, ``float64 [top]``: what a rank decodes to."""
    ordered = -np.sort(-values, axis=1)[:, :top]
    return np.asarray(ordered.sum(axis=0) / np.maximum((ordered > 0).sum(axis=0), 1))


def decoded(lists: NDArray[np.int64], genes: int, curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of lists of genes, ``float64 [n, genes]``."""
    values = np.zeros((len(lists), genes))
    rows, places = np.nonzero(lists >= 0)
    values[rows, lists[rows, places]] = curve[places]
    return values


def generation_result(task: CellTask, cells: LabelledCells, split: Split, *, decoder: bool) -> CellResult:
    """Return what a unigram sampler's cells, the decoder's and real ones of the other donor are worth.

    The kNN (15) has the training cells, on their first 50 principal components; a rank decodes to its mean value. Each
    type's mean profile is compared with that of its test cells, all genes.
    """
    log = cells.log_values()
    train, labels = log[split.train], cells.labels[split.train]
    names = [str(name) for name in np.unique(labels)]
    top, generator = SETTINGS.top, np.random.default_rng(0)
    sources: dict[str, Mapping[str, NDArray[np.int64]]] = {
        "unigram sampler": {name: unigram_cells(train[labels == name], EACH, generator, top) for name in names}
    }
    if decoder:
        made = Generator(train, labels)
        began = time.process_time()
        sources["decoder"] = {name: made.cells(name, EACH) for name in names}
        print(f"{parameters(made.model):,} weights, {made.seconds:.0f} s to train, "
              f"{time.process_time() - began:.0f} s for {EACH * len(names):,} cells", flush=True)  # fmt: skip
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean, full_matrices=False)[2][:COMPONENTS].T
    known = (train - mean) @ directions

    def agreement(values: NDArray[np.float64], told: NDArray[np.str_]) -> dict[str, float]:
        return knn_agreement((values - mean) @ directions, told, known, labels)

    asked, truth = log[split.test], cells.labels[split.test]
    curve = rank_curve(train, top)
    ranked = gene_lists(asked, top)
    by_rank = decoded(np.where(ranked >= 0, ranked - CONTROLS, -1), train.shape[1], curve)
    rows = [
        Row(name, {"knn_agreement": agreement(values, truth)["knn_agreement"]}, "ceiling")
        for name, values in (("real cells, other donor", asked), ("the same by rank", by_rank))
    ]
    lengths = (gene_lists(train, top) >= 0).sum(axis=1)
    for source, lists in sources.items():
        told = np.repeat(names, EACH)
        every = np.concatenate([lists[name] for name in names])
        values = decoded(every, train.shape[1], curve)
        agreed = agreement(values, told)
        means = mean_profile_pearson(values, told, asked, truth)
        sound = validity([each[each >= 0].tolist() for each in every], train.shape[1], int(lengths.min()), top)
        scores = {"knn_agreement": agreed["knn_agreement"], "least_agreement": min(agreed[name] for name in names),
                  "least_mean_pearson": min(means.values()), "valid": sound["valid"],
                  "no_repeats": sound["no_repeats"]}  # fmt: skip
        rows.append(Row(source, scores, "model" if source == "decoder" else "floor"))
    return CellResult(task.name, split.column, len(train), len(asked), task.metric, tuple(rows))
