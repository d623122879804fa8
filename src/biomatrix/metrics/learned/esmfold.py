"""Structures, pLDDT and PAE of sequences by ESMFold, through transformers.

Legend: L residues. ``PDFBench/PDFBench`` ``src/metrics/structure/foldability.py`` and ``bytedance/dplm``
``folding_model.py``: unknown residues are folded as alanine, one sequence at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from biomatrix.metrics.foldability import Fold
from biomatrix.metrics.learned.weights import from_pretrained, quiet_loading

if TYPE_CHECKING:
    from transformers import EsmForProteinFolding

RESIDUES: Final = frozenset("ARNDCQEGHILKMFPSTWYV")
LONGEST: Final = 1024
"""Residues that are folded; PDFBench cuts what is longer."""
_CHUNK: Final = 64
_BIN_WIDTH: Final = 31.0


class ESMFold:
    """ESMFold, loaded.

    Parameters
    ----------
    network : transformers.EsmForProteinFolding
    longest : int
        Residues after which a sequence is cut.
    """

    def __init__(self, network: EsmForProteinFolding, longest: int = LONGEST) -> None:
        self._network = network
        self._longest = longest

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from a folder or a hub id that was downloaded before."""
        from transformers import EsmForProteinFolding

        with quiet_loading():
            network: Any = from_pretrained(EsmForProteinFolding.from_pretrained, source, "ESMFold")
        network.esm.float()
        network.trunk.set_chunk_size(_CHUNK)
        return cls(network.eval().to(device))

    def fold(self, sequences: Sequence[str]) -> Iterator[Fold | None]:
        """Yield the fold of each sequence, None for an empty one and where the network runs out of memory."""
        import torch

        for sequence in sequences:
            if not sequence:
                yield None
                continue
            try:
                with torch.inference_mode():
                    output = self._network.infer(readable(sequence)[: self._longest])
            except torch.OutOfMemoryError:
                yield None
                continue
            yield as_fold(output)


def readable(sequence: str) -> str:
    """Return a sequence in upper case with alanine for every letter that is no standard residue.

    Examples
    --------
    >>> readable("MKXu")
    'MKAA'
    """
    return "".join(letter if letter in RESIDUES else "A" for letter in sequence.upper())


def as_fold(output: Any) -> Fold:
    """Return the fold that an output of the network for one sequence states."""
    exists = output["atom37_atom_exists"][0].float().cpu().numpy().astype(bool)
    plddt = output["plddt"][0].float().cpu().numpy()
    resolved = exists[:, 1]
    probabilities = output["aligned_confidence_probs"][0].float().cpu().numpy()
    # As published: the mean over 64 bins of probability times bin number, times 31; no expectation over bins.
    pae = (probabilities * np.arange(probabilities.shape[-1])).mean(axis=-1) * _BIN_WIDTH
    expected = output["predicted_aligned_error"][0].float().cpu().numpy()
    square = np.ix_(resolved, resolved)
    return Fold(
        backbone=output["positions"][-1][0, :, :3].double().cpu().numpy(),
        plddt=float(plddt[exists].mean()),
        pae=float(pae[square].mean()),
        expected_error=float(expected[square].mean()),
        residue_plddt=plddt[:, 1].astype(np.float64),
    )
