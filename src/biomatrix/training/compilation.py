"""Compiling a decoder's layers and its loss, for rows of any length or for one shape.

One compilation for any shape serves batches of every bucket. Packed batches have one shape but for the last of a
window, which is filled up with rows that do not count: then kernels know their sizes, and the loss need not pick its
labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from biomatrix.training.batches import Batch

if TYPE_CHECKING:
    from biomatrix.training.loss import NextTokenLoss

Shapes = bool | Literal["fixed"]
"""``run.compile`` of a recipe."""


def compile_layers(module: NextTokenLoss, shapes: Shapes = True) -> None:
    """Compile each layer in place, and the loss: one compilation serves all layers.

    Parameters
    ----------
    module : NextTokenLoss
    shapes : True or "fixed"
        For rows of any length, or for one shape.
    """
    decoder: Any = module.model.model
    for layer in decoder.layers:
        layer.compile(dynamic=shapes != "fixed")
    module.compile_losses(fixed=shapes == "fixed")


def filled(batch: Batch, rows: int) -> Batch:
    """Return a batch with rows of padding below its own, up to a number of rows.

    Examples
    --------
    >>> one = np.ones((1, 2), dtype=np.int64)
    >>> filled(Batch(one, one, one, np.ones((1, 2), np.float32), packed=True), 3).weights.sum(axis=1).tolist()
    [2.0, 0.0, 0.0]
    """
    missing, width = rows - len(batch.input_ids), batch.input_ids.shape[1]
    if missing <= 0:
        return batch
    none = np.zeros((missing, width), dtype=np.int64)
    return Batch(
        np.concatenate((batch.input_ids, none)),
        np.concatenate((batch.labels, none)),
        np.concatenate((batch.position_ids, np.tile(np.arange(width), (missing, 1)))),
        np.concatenate((batch.weights, none.astype(np.float32))),
        batch.packed,
    )


def allow_any_number(borders: torch.Tensor) -> torch.Tensor:
    """Tell the compiler that the number of documents changes from batch to batch, and return the borders."""
    dynamo: Any = torch._dynamo
    dynamo.maybe_mark_dynamic(borders, 0)
    return borders
