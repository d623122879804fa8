"""The held-out loss, by modality."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.training.batches import Batch, BatchStream, Documents, has_predictions
from biomatrix.training.document_attention import document_borders
from biomatrix.training.loss import NextTokenLoss
from biomatrix.training.progress import logger

if TYPE_CHECKING:
    from biomatrix.training.config import Recipe
    from biomatrix.vocabulary import Vocabulary

TEXT = "text"
"""The name of everything outside a modality's segment, start tokens included: the text chooses them."""
_SEED: Final = 0
"""Of the order from which held-out batches are taken."""


class ModalityLabels:
    """Finds the modality whose segment each label stands in, the innermost one where segments nest.

    Parameters
    ----------
    vocabulary : Vocabulary
        Gives the control pairs, and the parts of composite modalities.

    Attributes
    ----------
    names : tuple of str
        "text", then the modalities in the vocabulary's order.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.names = (TEXT, *vocabulary.modalities)
        self._opens = np.full(len(vocabulary) + 1, -1, dtype=np.int64)
        self._closes = np.full(len(vocabulary) + 1, -1, dtype=np.int64)
        numbers = {name: number for number, name in enumerate(vocabulary.modalities, start=1)}
        for name, number in numbers.items():
            self._opens[vocabulary.start_id(name)] = number
            self._opens[vocabulary.end_id(name)] = 0
            self._closes[vocabulary.end_id(name)] = number
        composites = {numbers[name]: block.parts for name, block in vocabulary.blocks.items() if block.parts}
        self._parts = {number: {numbers[part] for part in parts} for number, parts in composites.items()}

    def of(self, batch: Batch) -> NDArray[np.int64]:
        """Return the index into ``names`` of each label, ``int64 [B, T]``.

        A label belongs to the segment that the inputs before it have opened, so a segment's end token is part of it.
        After the end of a composite's part, labels belong to the composite again.
        """
        # Ids below 0 stand for vectors and open nothing; they must not count from the end of the table.
        known = (batch.input_ids >= 0) & (batch.input_ids < len(self._opens))
        inputs = np.where(known, batch.input_ids, len(self._opens) - 1)
        opened = self._opens[inputs]
        opened = np.where((opened < 0) & (batch.position_ids == 0), 0, opened)
        for row in np.flatnonzero(np.isin(opened, list(self._parts)).any(axis=1)).tolist():
            self._nest(opened[row], self._closes[inputs[row]], batch.position_ids[row])
        columns = np.arange(inputs.shape[1])
        latest = np.maximum.accumulate(np.where(opened >= 0, columns, 0), axis=1)
        return np.maximum(np.take_along_axis(opened, latest, axis=1), 0)

    def _nest(self, opened: NDArray[np.int64], closed: NDArray[np.int64], positions: NDArray[np.int64]) -> None:
        """In one row, let the end of a part reopen the composite around it; all three arrays are ``int64 [T]``."""
        around: list[int] = []
        for column in np.flatnonzero(opened >= 0).tolist():
            number, ended = int(opened[column]), int(closed[column])
            if positions[column] == 0 or not (ended in around or number in self._parts.get(_last(around), ())):
                around = []
            if number:
                around.append(number)
            elif ended in around:
                del around[around.index(ended) :]
            opened[column] = _last(around)


def _last(around: list[int]) -> int:
    return around[-1] if around else 0


@torch.no_grad()
def held_out_loss(
    module: NextTokenLoss,
    batches: Mapping[str, Iterable[Batch]],
    labels: ModalityLabels,
    device: torch.device,
    bf16: bool,
) -> dict[str, dict[str, float]]:
    """Return the mean loss by modality and by kind of document, over labels that count.

    Parameters
    ----------
    module : NextTokenLoss
        The decoder with its loss, wrapped or not.
    batches : mapping of str to iterable of Batch
        Held-out batches by kind of document (the corpus's views and tasks).
    labels : ModalityLabels
        Which modality a label stands in.
    device : torch.device
        Where to compute.
    bf16 : bool
        Whether to compute under bfloat16 autocast, as in training.

    Returns
    -------
    dict of str to dict
        By modality, by kind as ``view:<kind>`` and for "all": ``nats`` and ``bits`` per token, and the number
        of ``tokens``.
    """
    module.eval()
    by_view = {f"view:{view}": _sums(module, part, labels, device, bf16) for view, part in batches.items()}
    module.train()
    sums = np.sum([part[0] for part in by_view.values()], axis=0)
    counts = np.sum([part[1] for part in by_view.values()], axis=0)
    totals = {name: (sums[i], counts[i]) for i, name in enumerate(labels.names)} if by_view else {}
    totals |= {"all": (np.sum(sums), np.sum(counts))}
    totals |= {view: (part[0].sum(), part[1].sum()) for view, part in by_view.items()}
    return {
        name: {"nats": float(total / n), "bits": float(total / n / np.log(2)), "tokens": int(n)}
        for name, (total, n) in totals.items()
        if n
    }


def _sums(
    module: NextTokenLoss, batches: Iterable[Batch], labels: ModalityLabels, device: torch.device, bf16: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the summed loss in nats and the number of labels of each modality, both ``[len(labels.names)]``."""
    sums = np.zeros(len(labels.names))
    counts = np.zeros(len(labels.names), dtype=np.int64)
    for batch in batches:
        tensors = batch_tensors(batch, device)
        # Compiled layers would be compiled again for the few batches measured here.
        with (
            torch.compiler.set_stance("force_eager"),
            torch.autocast(device.type, torch.bfloat16, enabled=bf16),
        ):
            losses = module(**tensors, per_token=True).double().cpu().numpy()
        kept = batch.weights > 0
        kinds = labels.of(batch)[kept]
        sums += np.bincount(kinds, weights=losses[kept], minlength=len(sums))
        counts += np.bincount(kinds, minlength=len(counts))
    return sums, counts


def measurable(held_out: Mapping[str, Documents]) -> dict[str, Documents]:
    """Return the kinds of held-out documents of which one has something to predict; the others are named in the log."""
    found = {view: documents for view, documents in held_out.items() if has_predictions(documents)}
    for view in held_out.keys() - found.keys():
        logger.warning("held-out documents of %s are not measured: none has two or more tokens", view)
    return found


def evaluation_batches(documents: Documents, recipe: Recipe, pad_id: int | None) -> list[Batch]:
    """Return the same first held-out batches at every call: at least ``evaluate_documents`` rows, or one epoch."""
    stream = BatchStream(documents, recipe.batches, seed=_SEED, pad_id=0 if pad_id is None else pad_id)
    batches: list[Batch] = []
    rows = 0
    for batch in itertools.takewhile(lambda _: stream.position.epoch == 0, stream):
        batches.append(batch)
        rows += len(batch.input_ids)
        if rows >= recipe.run.evaluate_documents:
            break
    return batches


def batch_tensors(batch: Batch, device: torch.device) -> dict[str, Any]:
    """Return the arguments of ``NextTokenLoss`` for a batch; positions and borders only where rows are packed."""
    tensors: dict[str, Any] = {
        "input_ids": torch.from_numpy(batch.input_ids).to(device),
        "labels": torch.from_numpy(batch.labels).to(device),
        "weights": torch.from_numpy(batch.weights).to(device),
    }
    if batch.packed:
        borders, longest = document_borders(batch.position_ids)
        tensors["position_ids"] = torch.from_numpy(batch.position_ids).to(device)
        tensors["borders"], tensors["longest"] = torch.from_numpy(borders).to(device), longest
    return tensors
