"""The ensemble of all structures at equilibrium: pair probabilities, unpaired bases, defects, accessibility.

Source: McCaskill, Biopolymers 29 (1990) 1105; the ensemble defect of Dirks et al., Nucleic Acids Research 32 (2004)
1392.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.folding.library import CELSIUS, letters_to_fold, model, vienna
from biomatrix.entities.nucleic.folding.structures import Folded, partners_of
from biomatrix.errors import ParseError


@dataclass(frozen=True, eq=False)
class Ensemble:
    """All structures of a sequence, each with its probability.

    Legend: L bases.

    Parameters
    ----------
    mfe : Folded
        The structure of least free energy.
    free_energy : float
        Of the ensemble, -RT ln Z, kcal/mol; below that of any one structure.
    pairs : ndarray, shape=(L, L), dtype=float64
        Probability of each pair, symmetric.
    celsius : float
    """

    mfe: Folded
    free_energy: float
    pairs: NDArray[np.float64]
    celsius: float

    @property
    def unpaired(self) -> NDArray[np.float64]:
        """Probability that each base is unpaired, ``float64 [L]``."""
        free: NDArray[np.float64] = np.clip(1 - self.pairs.sum(axis=1), 0, 1)
        return free

    def probability(self, energy: float) -> float:
        """Return the probability of one structure with that free energy in kcal/mol."""
        return float(np.exp((self.free_energy - energy) / (GAS * (self.celsius + KELVIN))))

    def defect(self, structure: str) -> float:
        """Return the normalised ensemble defect: the mean share of bases that pair otherwise than in a structure.

        0 where all structures are this one; 1 where none has one base as it has.
        """
        partners = np.array(partners_of(structure))
        if len(partners) != len(self.pairs):
            raise ParseError(f"a structure of {len(partners)} marks does not belong to {len(self.pairs)} bases")
        places = np.arange(len(partners))
        right = np.where(partners < 0, self.unpaired, self.pairs[places, partners])
        return float(1 - right.mean())


GAS = 1.98717e-3
"""The gas constant of ViennaRNA, kcal/(mol K)."""
KELVIN = 273.15


def ensemble(sequence: str, celsius: float = CELSIUS) -> Ensemble:
    """Return the ensemble of a sequence; arguments and errors are those of :func:`~.structures.fold`."""
    letters = letters_to_fold(sequence)
    compound = vienna().fold_compound(letters, model(celsius))
    structure, energy = compound.mfe()
    compound.exp_params_rescale(energy)  # or long sequences run out of the range of floats
    _, free_energy = compound.pf()
    upper = np.array(compound.bpp(), dtype=np.float64)[1:, 1:]
    return Ensemble(Folded(structure, float(energy)), float(free_energy), upper + upper.T, celsius)


def opening_energy(sequence: str, start: int, stop: int, celsius: float = CELSIUS) -> float:
    """Return what it costs to open a stretch for a ribosome or a probe, kcal/mol, from 0 (open) upwards.

    The free energy of the ensemble whose bases ``start:stop`` are all unpaired, less that of the whole ensemble. It
    counts the stretch as one: each base may be unpaired in half of the structures and the stretch never.

    Raises
    ------
    ParseError
        A stretch that is empty or not within the sequence.
    """
    letters = letters_to_fold(sequence)
    if not 0 <= start < stop <= len(letters):
        raise ParseError(f"{start}:{stop} is no stretch of {len(letters)} bases")
    return _free_energy(letters, celsius, range(start, stop)) - _free_energy(letters, celsius, ())


def _free_energy(letters: str, celsius: float, unpaired: Any) -> float:
    compound = vienna().fold_compound(letters, model(celsius))
    for place in unpaired:
        compound.hc_add_up(place + 1)
    _, energy = compound.mfe()
    compound.exp_params_rescale(energy)
    return float(compound.pf()[1])
