"""Which layers keep nothing for the backward pass and are computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def checkpoint_layers(model: PreTrainedModel, share: float) -> int:
    """Turn gradient checkpointing on in a share of a decoder's layers, spread evenly.

    Parameters
    ----------
    model : PreTrainedModel
        Changed in place.
    share : float
        Of the layers, more than 0 and at most 1; at least one layer.

    Returns
    -------
    int
        The number of layers that are computed again.
    """
    anew: Any = getattr(model, "activation_checkpointing_enable", None)  # the other name is deprecated
    (anew or model.gradient_checkpointing_enable)()
    decoder: Any = model.model
    count = len(decoder.layers)
    chosen = max(1, round(share * count))
    for number, layer in enumerate(decoder.layers):
        layer.gradient_checkpointing = number * chosen // count != (number + 1) * chosen // count
    return chosen
