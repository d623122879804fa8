"""How many positions' logits over a large vocabulary are computed together, by the memory of the device.

More at once are faster on a GPU and take more memory. The number follows from the device and the model alone, never
from what happens to be free, so a run that goes on on the same hardware sums its gradients in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from biomatrix.training.loss import CHUNK_ROWS

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel

BYTES_PER_LOGIT: Final = 16
"""Logits, their softmax and their gradient, at most: 11 were measured in bfloat16 on a GPU, 12 in float32."""
BYTES_COMPILED: Final = 4
"""The same of a compiled loss, which holds logits and their gradient in bfloat16 alone: 3 were measured."""
BYTES_PER_PARAMETER: Final = 16
"""float32: the weight, its gradient, and two moments."""
SHARE: Final = 0.25
"""Of the memory that parameters leave: the rest is for activations."""
MOST_ROWS: Final = 1 << 15


def loss_rows(model: PreTrainedModel, asked: int | None, accelerator: Accelerator, each: int = BYTES_PER_LOGIT) -> int:
    """Return the positions to compute together for a model on this process's device.

    Parameters
    ----------
    model : PreTrainedModel
        Its parameters and embedding rows are counted.
    asked : int or None
        The recipe's number, which is taken where there is one.
    accelerator : Accelerator
        Gives the device, and the number of processes that share the parameters where they are sharded.
    each : int
        Bytes of a logit.

    Returns
    -------
    int
        On a CPU ``CHUNK_ROWS``.
    """
    if asked is not None:
        return asked
    device = accelerator.device
    if device.type != "cuda":
        return CHUNK_ROWS
    head: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    processes = accelerator.num_processes if getattr(accelerator, "is_fsdp2", False) else 1
    parameters = sum(parameter.numel() for parameter in model.parameters()) / processes
    total = int(torch.cuda.get_device_properties(device).total_memory)
    return rows_that_fit(total - BYTES_PER_PARAMETER * parameters, len(head.weight), each)


def rows_that_fit(free: float, vocabulary_rows: int, each: int = BYTES_PER_LOGIT) -> int:
    """Return the largest power of two of positions whose logits fit in a share of free memory, ``CHUNK_ROWS`` at least.

    Parameters
    ----------
    free : float
        Bytes that parameters, gradients and moments leave.
    vocabulary_rows : int
        Logits of a position.
    each : int
        Bytes of a logit.

    Examples
    --------
    >>> rows_that_fit(54 * 2**30, 168_000)  # what 1.7 billion parameters leave of 80 GiB
    4096
    >>> rows_that_fit(54 * 2**30, 168_000, BYTES_COMPILED)
    16384
    """
    rows = CHUNK_ROWS
    while rows < MOST_ROWS and 2 * rows * vocabulary_rows * each <= SHARE * free:
        rows *= 2
    return rows
