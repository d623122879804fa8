"""Perplexity of protein sequences by ProtGPT2, with the text laid out as PDFBench lays it out.

``PDFBench/PDFBench`` ``src/metrics/sequence/perplexity.py``: at most 1,024 residues, in lines of 60 as in FASTA,
between two end-of-text tokens on lines of their own; at most 1,024 tokens; the exponential of the mean loss.
PDFBench now leaves out perplexities above 2,000 before it averages; the published tables did not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from biomatrix.metrics.learned.weights import from_pretrained, quiet_loading
from biomatrix.metrics.scores import Scores, mean_score

LONGEST: Final = 1024
"""Residues, and tokens, that are read."""
LINE: Final = 60
END_OF_TEXT: Final = "<|endoftext|>"
OUTLIER: Final = 2000.0
"""PDFBench leaves out perplexities above this."""


class ProtGPT2:
    """ProtGPT2, loaded: any causal language model with the tokenizer of its folder.

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
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = from_pretrained(AutoTokenizer.from_pretrained, source, "ProtGPT2")
        with quiet_loading():
            network = from_pretrained(AutoModelForCausalLM.from_pretrained, source, "ProtGPT2", dtype="auto")
        return cls(network.eval().to(device), tokenizer)

    def perplexities(self, sequences: Sequence[str]) -> list[float]:
        """Return the perplexity of each sequence, NaN for an empty one."""
        return [self._perplexity(sequence) if sequence else math.nan for sequence in sequences]

    def _perplexity(self, sequence: str) -> float:
        import torch

        ids = self._tokenizer.encode(laid_out(sequence), max_length=LONGEST, truncation=True)
        tokens = torch.tensor([ids], device=self._network.device)
        with torch.inference_mode():
            loss = float(self._network(tokens, labels=tokens).loss)
        return math.exp(min(loss, 700.0))  # beyond, a float cannot hold it


def laid_out(sequence: str) -> str:
    """Return the text that ProtGPT2 reads for a sequence.

    Examples
    --------
    >>> laid_out("M" * 61).splitlines()[1:]
    ['MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM', 'M', '<|endoftext|>']
    """
    cut = sequence[:LONGEST]
    lines = [cut[start : start + LINE] for start in range(0, len(cut), LINE)]
    return "\n".join([END_OF_TEXT, *lines, END_OF_TEXT])


def perplexity(values: Sequence[float]) -> Scores:
    """Return ``ppl``, the mean perplexity, and ``ppl_filtered``, that without values above `OUTLIER`; NaN is left out.

    Parameters
    ----------
    values : sequence of float
        NaN where there was no sequence.
    """
    array = np.asarray(values, dtype=np.float64)
    missing = int(np.isnan(array).sum())
    with np.errstate(invalid="ignore"):
        kept = np.where(array <= OUTLIER, array, np.nan)
    return {"ppl": mean_score(array, empty=missing), "ppl_filtered": mean_score(kept, empty=missing)}
