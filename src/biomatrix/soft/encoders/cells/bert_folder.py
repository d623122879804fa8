"""A stock BERT opened from a folder, whole or not at all: no pooler, no head, no weight made up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.errors import WeightsError
from biomatrix.soft.encoders.auto_folder import check_encoder_folder, open_encoder_network

if TYPE_CHECKING:
    from transformers import BertModel

_AS_STOCK: Final = {
    "model_type": "bert",
    "is_decoder": False,
    "add_cross_attention": False,
    "position_embedding_type": "absolute",
}
"""What a description says of an encoder that reads all positions at once, each by its place."""


def open_bert(folder: Path) -> BertModel:
    """Return the encoder of a BERT folder in float32, from safetensors only; nothing is fetched and no code of it runs.

    Parameters
    ----------
    folder : Path
        With ``config.json`` and safetensors, of a ``BertModel`` or with any head on it. A pooler is taken off: where a
        head was trained instead of it, it is noise.

    Raises
    ------
    WeightsError
        It is no BERT, is a pickle, wants code of its own, or its tensors are not those that ``config.json`` asks for.
    """
    told = check_encoder_folder(folder)
    for name, value in _AS_STOCK.items():
        if told.get(name, None if name == "model_type" else value) != value:
            raise WeightsError(
                f"{name} is {told.get(name)!r}, and an encoder of ranked genes is a BERT of {value!r}",
                file=str(folder / CONFIG_FILE),
            )
    network: BertModel = open_encoder_network(folder, torch.device("cpu"))
    network.pooler = None
    return network
