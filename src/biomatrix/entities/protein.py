"""A protein chain: its sequence, perhaps its backbone, and what was noted while reading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Protein:
    """One chain, residue by residue.

    Parameters
    ----------
    sequence : str
        One letter a residue, length L: the 20 amino acids, U, O, B, Z, J and X.
    backbone : ndarray, shape=(L, 3, 3), dtype=float32, optional
        Positions in Angstrom of (N, CA, C) of every residue, NaN where unresolved; None for a sequence alone.
    name : str
        A label for messages and file titles.
    chain : str
        The author's chain identifier.
    residue_numbers : ndarray, shape=(L,), dtype=int32, optional
        The author's residue numbers; 1..L when not given.
    insertion_codes : tuple of str, optional
        One code a residue, "" for none.
    notes : tuple of str
        What a reader did to the record, one sentence each; empty when nothing was changed.
    """

    sequence: str
    backbone: NDArray[np.float32] | None = None
    name: str = ""
    chain: str = "A"
    residue_numbers: NDArray[np.int32] | None = None
    insertion_codes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def kind(self) -> Literal["protein"]:
        """The kind of entity, as modalities name it."""
        return "protein"

    @property
    def has_structure(self) -> bool:
        """Whether the chain carries backbone coordinates."""
        return self.backbone is not None

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Which residues have all of N, CA and C: ``bool [L]``, all false without a structure."""
        if self.backbone is None:
            return np.zeros(len(self), dtype=bool)
        return np.isfinite(self.backbone).all(axis=(1, 2))
