"""The held-out loss, by modality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.training.batches import Batch
from biomatrix.training.loss import NextTokenLoss

if TYPE_CHECKING:
    from biomatrix.vocabulary import Vocabulary

TEXT = "text"
"""The name for everything outside a modality's segment, start tokens included: they are a choice made in text."""


class ModalityLabels:
    """Says of every label which modality's segment it stands in.

    Parameters
    ----------
    vocabulary : Vocabulary
        Gives the control pairs.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.names = (TEXT, *vocabulary.modalities)
        self._opens = np.full(len(vocabulary) + 1, -1, dtype=np.int64)
        for number, name in enumerate(vocabulary.modalities, start=1):
            self._opens[vocabulary.start_id(name)] = number
            self._opens[vocabulary.end_id(name)] = 0

    def of(self, batch: Batch) -> NDArray[np.int64]:
        """Return the index into ``names`` of each label, ``int64 [B, T]``.

        A label belongs to the segment that the inputs up to it have opened, so a segment's end token belongs to it.
        """
        inputs = np.minimum(batch.input_ids, len(self._opens) - 1)
        opened = self._opens[inputs]
        opened = np.where((opened < 0) & (batch.position_ids == 0), 0, opened)
        columns = np.arange(inputs.shape[1])
        latest = np.maximum.accumulate(np.where(opened >= 0, columns, 0), axis=1)
        return np.maximum(np.take_along_axis(opened, latest, axis=1), 0)


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
        By modality, by kind as ``view:<kind>`` and for "all": ``nats`` and ``bits`` a token, and the number of
        ``tokens``.
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
    """Return the summed loss and the number of labels of each modality."""
    sums = np.zeros(len(labels.names))
    counts = np.zeros(len(labels.names), dtype=np.int64)
    for batch in batches:
        tensors = batch_tensors(batch, device)
        # Compiled layers would be compiled once more for the few batches measured here.
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


def batch_tensors(batch: Batch, device: torch.device) -> dict[str, torch.Tensor]:
    """Return the arguments of ``NextTokenLoss`` for a batch; positions only where rows are packed."""
    tensors = {
        "input_ids": torch.from_numpy(batch.input_ids).to(device),
        "labels": torch.from_numpy(batch.labels).to(device),
        "weights": torch.from_numpy(batch.weights).to(device),
    }
    if batch.packed:
        tensors["position_ids"] = torch.from_numpy(batch.position_ids).to(device)
    return tensors
