"""How to fit a codebook of the geometric codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROBE: Final = (0.777, 1.691, 0.197, 0.178, 0.228, -0.52, 0.685, 0.073, -0.083, 0.049, -0.149, 0.263)
"""The probe of the shipped weights, found by a random search on validation chains."""


@dataclass(frozen=True)
class GeometricFit:
    """How to fit a codebook.

    Parameters
    ----------
    num_codes : int
        All codes, of every kind.
    num_cis, num_break : int
        How many of them are cis steps and jumps over breaks.
    open_rounds : int
        Rounds of k-means on open-loop steps.
    closed_rounds : int
        Rounds in which chains are encoded and every code moves to the mean of the steps it was chosen for.
    closed_residues : int
        Residues encoded in each of those rounds.
    num_beams : int
        Hypotheses kept while encoding, in the fit and in the tokenizer it is for.
    steps_per_code : int
        Open-loop steps sampled for each code.
    synthetic_breaks : int
        Jumps made by leaving out stretches of chains, beside the real ones.
    mean_gap : float
        Mean length of those stretches, in residues.
    seed : int
        Seed of every draw.
    probe : sequence of 12 float
        The probe of `probe_features`, three rows of point, lever, lever, lever.
    spacing_probe : sequence of 12 float, optional
        What k-means counts as close when it places bonded codes; the probe when not given.
    num_candidates : int
        Codes compared for each residue.
    num_cells : int
        Cells of the search.
    search_all_above : float
        See `ProbeSearch`.
    shift_base, shift_stages : int
        How many shifts make a jump finer, and over how many residues.
    short_chains : sequence of (int, int)
        See `ProbeSearch`.
    """

    num_codes: int = 256
    num_cis: int = 8
    num_break: int = 16
    open_rounds: int = 8
    closed_rounds: int = 4
    closed_residues: int = 400_000
    num_beams: int = 8
    steps_per_code: int = 800
    synthetic_breaks: int = 30_000
    mean_gap: float = 8.0
    seed: int = 0
    probe: Sequence[float] = PROBE
    spacing_probe: Sequence[float] | None = None
    num_candidates: int = 64
    num_cells: int = 512
    search_all_above: float = 0.3
    shift_base: int = 4
    shift_stages: int = 8
    short_chains: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        for probe in (self.probe, self.spacing_probe):
            if probe is not None and len(probe) != 12:
                raise ConfigurationError(f"a probe of {len(probe)} numbers where 12 are expected")
        if self.num_trans % self.shift_base or self.num_cis % self.shift_base:
            raise ConfigurationError(
                f"{self.num_trans} trans and {self.num_cis} cis codes are not multiples of {self.shift_base}"
            )
        if min(self.num_cis, self.num_break, self.num_codes - self.num_cis - self.num_break) < 1:
            raise ConfigurationError(
                f"{self.num_codes} codes cannot hold {self.num_cis} cis codes, {self.num_break} break codes "
                "and a trans one"
            )

    @property
    def num_trans(self) -> int:
        """Codes left for trans steps."""
        return self.num_codes - self.num_cis - self.num_break

    @property
    def probe_34(self) -> NDArray[np.float64]:
        """The probe as ``float64 [3, 4]``, as float32 stores it."""
        return np.array(self.probe, dtype=np.float32).astype(np.float64).reshape(3, 4)
