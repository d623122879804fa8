"""How one decoded backbone differs from its original, and summaries over many."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.structure.geometric.codebook import BREAK, step_kinds
from biomatrix.errors import DecodeError
from biomatrix.metrics.backbone import IDEAL_LENGTHS, bond_lengths
from biomatrix.metrics.summaries import BondError, Share, Spread, by_size
from biomatrix.metrics.summary_lines import (
    BOND_COLUMNS,
    DISTANCE_COLUMNS,
    SCORE_COLUMNS,
    bond_line,
    distance_line,
    heading,
    score_line,
    share_words,
)
from biomatrix.metrics.superposition import rmsd, tm_score

LENGTH_RANGES = (1, 50, 100, 200, 300, 500)
"""First residue count of each range that RMSD and TM-score are shown by; the last range is open."""

Backbone = NDArray[np.float32]


@dataclass(frozen=True)
class ProteinError:
    """How far one decoded chain is from its original.

    Parameters
    ----------
    record : int
        Its number among the records measured, from 1.
    name, chain : str
    num_residues, num_resolved : int
    num_breaks : int
        Steps between resolved residues that no peptide bond joins.
    rmsd : float
        Angstrom over N, CA and C after superposition.
    tm_score : float
        Over CA.
    """

    record: int
    name: str
    chain: str
    num_residues: int
    num_resolved: int
    num_breaks: int
    rmsd: float
    tm_score: float


@dataclass(frozen=True)
class ProteinErrors:
    """The errors of many chains.

    Parameters
    ----------
    rmsd, tm_score : Spread
    rmsd_by_length, tm_score_by_length : dict of str to Spread
        By number of resolved residues.
    rmsd_by_breaks : dict of str to Spread
        "unbroken" and "broken" chains.
    bonds : dict of str to BondError
        "N-CA", "CA-C" and "C-N" (the peptide bond): lengths after minus lengths before.
    bonds_to_ideal : dict of str to BondError
        The same bonds: lengths after minus ideal lengths.
    omega : Share
        Peptide bonds that stay trans or cis.
    """

    rmsd: Spread
    tm_score: Spread
    rmsd_by_length: dict[str, Spread]
    tm_score_by_length: dict[str, Spread]
    rmsd_by_breaks: dict[str, Spread]
    bonds: dict[str, BondError]
    bonds_to_ideal: dict[str, BondError]
    omega: Share

    def lines(self) -> list[str]:
        """Return the figures as lines of text."""
        return [
            heading("RMSD of N, CA, C, Angstrom", DISTANCE_COLUMNS),
            distance_line("all", self.rmsd),
            *(distance_line(f"{label} residues", spread) for label, spread in self.rmsd_by_length.items()),
            *(distance_line(label, spread) for label, spread in self.rmsd_by_breaks.items() if spread.count),
            heading("TM-score", SCORE_COLUMNS),
            score_line("all", self.tm_score),
            *(score_line(f"{label} residues", spread) for label, spread in self.tm_score_by_length.items()),
            heading("bond lengths, Angstrom", BOND_COLUMNS),
            *(bond_line(label, error) for label, error in self.bonds.items()),
            *(bond_line(f"{label}, to ideal", error) for label, error in self.bonds_to_ideal.items()),
            f"omega kept trans or cis: {share_words(self.omega)}",
        ]


@dataclass
class ProteinTally:
    """Collects chains one by one."""

    each: list[ProteinError] = field(default_factory=list)
    _changes: defaultdict[str, list[NDArray[np.float64]]] = field(default_factory=lambda: defaultdict(list))
    _to_ideal: defaultdict[str, list[NDArray[np.float64]]] = field(default_factory=lambda: defaultdict(list))
    _omega_kept: int = 0
    _omega_total: int = 0

    def add(self, record: int, protein: Protein, decoded: Backbone) -> ProteinError:
        """Compare a decoded backbone, ``float32 [L, 3, 3]``, with its original.

        Raises
        ------
        DecodeError
            Another number of residues, or no residue that both have.
        """
        truth = np.asarray(protein.backbone, dtype=np.float64)
        back = np.asarray(decoded, dtype=np.float64)
        if back.shape != truth.shape:
            raise DecodeError(f"{len(truth)} residues went in and {len(back)} came back")
        places = np.flatnonzero(np.isfinite(truth).all(axis=(1, 2)) & np.isfinite(back).all(axis=(1, 2)))
        if not len(places):
            raise DecodeError("no residue has coordinates before and after")
        kinds = step_kinds(truth[places], places)
        self._count_bonds(truth[places], back[places], kinds)
        self._count_omega(back[places], places, kinds)
        error = ProteinError(
            record=record,
            name=protein.name,
            chain=protein.chain,
            num_residues=len(protein),
            num_resolved=int(protein.resolved.sum()),
            num_breaks=int((kinds[1:] == BREAK).sum()),
            rmsd=float(rmsd(back.reshape(-1, 3), truth.reshape(-1, 3))),
            tm_score=tm_score(back[:, 1], truth[:, 1]),
        )
        self.each.append(error)
        return error

    def errors(self) -> ProteinErrors:
        """Return the summaries of the chains added so far."""
        sizes = [one.num_resolved for one in self.each]
        distances, scores = [one.rmsd for one in self.each], [one.tm_score for one in self.each]
        whole = [one.rmsd for one in self.each if not one.num_breaks]
        broken = [one.rmsd for one in self.each if one.num_breaks]
        return ProteinErrors(
            rmsd=Spread.of(distances),
            tm_score=Spread.of(scores),
            rmsd_by_length=by_size(distances, sizes, LENGTH_RANGES),
            tm_score_by_length=by_size(scores, sizes, LENGTH_RANGES),
            rmsd_by_breaks={"unbroken": Spread.of(whole), "broken": Spread.of(broken)},
            bonds={bond: _bond_error(self._changes[bond]) for bond in IDEAL_LENGTHS},
            bonds_to_ideal={bond: _bond_error(self._to_ideal[bond]) for bond in IDEAL_LENGTHS},
            omega=Share(self._omega_kept, self._omega_total),
        )

    def _count_bonds(self, truth: NDArray[np.float64], back: NDArray[np.float64], kinds: NDArray[np.int8]) -> None:
        before, after = bond_lengths(truth), bond_lengths(back)
        bonded = kinds[1:] != BREAK
        for bond, ideal in IDEAL_LENGTHS.items():
            kept = bonded if bond == "C-N" else slice(None)
            self._changes[bond].append((after[bond] - before[bond])[kept])
            self._to_ideal[bond].append((after[bond] - ideal)[kept])

    def _count_omega(self, back: NDArray[np.float64], places: NDArray[np.int64], kinds: NDArray[np.int8]) -> None:
        bonded = kinds[1:] != BREAK
        now = step_kinds(back, places)[1:][bonded]
        # a decoded bond longer than any peptide bond has no omega, and so has not kept it
        self._omega_kept += int(((now == kinds[1:][bonded]) & (now != BREAK)).sum())
        self._omega_total += int(bonded.sum())


def _bond_error(parts: list[NDArray[np.float64]]) -> BondError:
    return BondError.of(np.concatenate(parts) if parts else np.zeros(0))
