"""Texts through any encoder of Transformers in a folder: the mean of its last hidden states over a text's tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.generation.devices import torch_device
from biomatrix.soft.alignment.text_side import TextSide
from biomatrix.soft.encoders.auto_folder import (
    check_encoder_folder,
    encoder_folder_hash,
    open_encoder_network,
    open_tokenizer,
    position_limit,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODE_VERSION: Final = 1
_BATCH: Final = 16
_MOST_TOKENS: Final = 512


class NetworkTexts(TextSide):
    """Mean token states of a network that stock AutoModel opens; texts are cut at 512 tokens, or at its own limit.

    Parameters
    ----------
    folder : str or Path
        With ``config.json``, a tokenizer and safetensors; no code of the folder is run.
    device : str, optional
        A GPU where there is one, else the CPU, when not given.

    Raises
    ------
    WeightsError, UnsupportedError
        See :mod:`biomatrix.soft.encoders.auto_folder`.
    """

    def __init__(self, folder: str | Path, device: str | None = None) -> None:
        self._folder = Path(folder)
        self._config = check_encoder_folder(self._folder)
        self._device = torch_device(device)
        self._tokenizer = open_tokenizer(self._folder)
        self._network = open_encoder_network(self._folder, self._device)
        self._most = min(_MOST_TOKENS, position_limit(self._network, self._tokenizer) or _MOST_TOKENS)
        self.name = f"network:{self._folder}"
        self.width = int(self._network.config.hidden_size)

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of weights, configuration, tokenizer and of how they are used."""
        folder = encoder_folder_hash(self._folder, self._config)
        return hashlib.sha256(f"network texts {CODE_VERSION} {self._most} {folder}".encode()).hexdigest()

    def vectors_of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the means, ``float32 [n, width]``."""
        import torch

        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found = np.empty((len(texts), self.width), dtype=np.float32)
        cut = 0
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            inputs = self._tokenizer(
                [texts[at] for at in chosen], padding=True, truncation=True, max_length=self._most, return_tensors="pt"
            ).to(self._device)
            cut += sum(bool(one.overflowing) for one in inputs.encodings)
            mask = inputs["attention_mask"][..., None]
            with torch.inference_mode():
                states = self._network(**inputs).last_hidden_state * mask
                found[chosen] = (states.sum(dim=1) / mask.sum(dim=1)).float().cpu().numpy()
        self.tell_cut(cut, texts)
        return found
