"""How alike two texts are, by the mean of the token states of a BERT: the EvoLlama score of PDFBench.

``PDFBench/PDFBench`` ``src/metrics/alignment/evollama_score.py``: EvoLlama is asked for the function of a designed
sequence, and its answer is compared with the prompt of the design by PubMedBERT. EvoLlama itself is not run here: its
answers are given as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from biomatrix.metrics.learned.weights import from_pretrained, quiet_loading

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST: Final = 512
_BATCH: Final = 16


class TextLikeness:
    """A BERT, loaded.

    Parameters
    ----------
    network, tokenizer
        As transformers reads them.
    """

    def __init__(self, network: Any, tokenizer: Any) -> None:
        self._network = network
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from a folder or a hub id that was downloaded before."""
        from transformers import AutoModel, AutoTokenizer

        tokenizer = from_pretrained(AutoTokenizer.from_pretrained, source, "PubMedBERT")
        with quiet_loading():
            network = from_pretrained(AutoModel.from_pretrained, source, "PubMedBERT")
        return cls(network.eval().to(device), tokenizer)

    def embeddings(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the mean token state of each text, ``float64 [n, d]``; NaN for an empty one."""
        import torch

        rows = np.full((len(texts), self._network.config.hidden_size), np.nan)
        filled = [i for i, text in enumerate(texts) if text.strip()]
        for start in range(0, len(filled), _BATCH):
            chosen = filled[start : start + _BATCH]
            inputs = self._tokenizer(
                [texts[i] for i in chosen], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
            ).to(self._network.device)
            with torch.inference_mode():
                states = self._network(**inputs).last_hidden_state
            weight = inputs["attention_mask"].unsqueeze(-1).float()
            rows[chosen] = ((states * weight).sum(dim=1) / weight.sum(dim=1)).double().cpu().numpy()
        return rows

    def cosines(self, first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
        """Return the cosine of each text and its partner, ``float64 [n]``; NaN where either is empty."""
        a, b = self.embeddings(first), self.embeddings(second)
        return np.asarray((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))
