"""How one decoded strand differs from its original, and summaries over many.

Shapes: n nucleotides that both have.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.nucleic.structure.nucleotide.beads import (
    BEADS,
    C4,
    O3,
    P,
    joined_to_previous,
    resolved_nucleotides,
)
from biomatrix.entities.nucleic.structure.nucleotide.bonds import LENGTHS, O3_P_LENGTH, c3_endo
from biomatrix.errors import DecodeError
from biomatrix.metrics.lddt import lddt
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
from biomatrix.metrics.superposition import rmsd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.nucleic.entity import NucleicAcid

LENGTH_RANGES: Final = (1, 20, 50, 100, 200)
"""First count of nucleotides of each range that RMSD is shown by; the last range is open."""
SHORTEST_SEGMENT: Final = 17
"""Unbroken segments of fewer nucleotides are not shown apart."""


@dataclass(frozen=True)
class NucleicError:
    """How far one decoded strand is from its original.

    Parameters
    ----------
    record : int
        Its number among the records measured, from 1.
    name, chain : str
    num_nucleotides, num_resolved, num_breaks : int
        Breaks between resolved nucleotides.
    rmsd : float
        Angstrom over P, C4' and the glycosidic N after superposition.
    rmsd_segments : tuple of float
        The same of each unbroken segment of `SHORTEST_SEGMENT` nucleotides or more, superposed alone.
    rmsd_all : float
        Over all fifteen atoms of the nucleotides that have them; NaN where none has.
    lddt : float
        Over C4'.
    """

    record: int
    name: str
    chain: str
    num_nucleotides: int
    num_resolved: int
    num_breaks: int
    rmsd: float
    rmsd_segments: tuple[float, ...]
    rmsd_all: float
    lddt: float


@dataclass(frozen=True)
class NucleicErrors:
    """The errors of many strands.

    Parameters
    ----------
    rmsd, rmsd_segments, rmsd_all, lddt : Spread
    rmsd_by_length : dict of str to Spread
        By number of resolved nucleotides.
    bonds_to_ideal : dict of str to BondError
        Lengths minus ideal lengths: "within nucleotides", and "O3'-P" to the next.
    c3_endo_before, c3_endo_after : Share
        Sugars that are C3'-endo.
    pucker : Share
        Sugars that stay C3'-endo or stay something else.
    """

    rmsd: Spread
    rmsd_segments: Spread
    rmsd_all: Spread
    lddt: Spread
    rmsd_by_length: dict[str, Spread]
    bonds_to_ideal: dict[str, BondError]
    c3_endo_before: Share
    c3_endo_after: Share
    pucker: Share

    def lines(self) -> list[str]:
        """Return the figures as lines of text."""
        return [
            heading("RMSD of P, C4', N, Angstrom", DISTANCE_COLUMNS),
            distance_line("all", self.rmsd),
            *(distance_line(f"{label} nucleotides", spread) for label, spread in self.rmsd_by_length.items()),
            distance_line("unbroken segments", self.rmsd_segments),
            distance_line("fifteen atoms", self.rmsd_all),
            heading("lDDT of C4'", SCORE_COLUMNS),
            score_line("all", self.lddt),
            heading("bond lengths, Angstrom", BOND_COLUMNS),
            *(bond_line(f"{label}, to ideal", error) for label, error in self.bonds_to_ideal.items()),
            f"C3'-endo sugars: {share_words(self.c3_endo_before)} before, {share_words(self.c3_endo_after)} after",
            f"sugars that stay C3'-endo or another: {share_words(self.pucker)}",
        ]


@dataclass
class NucleicTally:
    """Collects strands one by one."""

    each: list[NucleicError] = field(default_factory=list)
    _to_ideal: defaultdict[str, list[NDArray[np.float64]]] = field(default_factory=lambda: defaultdict(list))
    _c3_endo: list[NDArray[np.bool_]] = field(default_factory=list)

    def add(self, record: int, strand: NucleicAcid, decoded: NDArray[np.float32], /) -> NucleicError:
        """Compare a decoded backbone, ``float32 [L, 15, 3]``, with its original.

        Raises
        ------
        DecodeError
            Another number of nucleotides, or none that both have.
        """
        truth, back = np.asarray(strand.backbone, dtype=np.float64), np.asarray(decoded, dtype=np.float64)
        if back.shape != truth.shape:
            raise DecodeError(f"{len(truth)} nucleotides went in and {len(back)} came back")
        resolved = resolved_nucleotides(truth)
        places = np.flatnonzero(resolved & np.isfinite(back).all(axis=(1, 2)))
        if not len(places):
            raise DecodeError("no nucleotide has coordinates before and after")
        truth, back = truth[places], back[places]
        joined = joined_to_previous(truth[:, BEADS], places)
        self._count_bonds(back, joined)
        whole = np.isfinite(truth).all(axis=(1, 2))
        self._c3_endo.append(np.stack([c3_endo(truth[whole]), c3_endo(back[whole])]))
        error = NucleicError(
            record=record,
            name=strand.name,
            chain=strand.chain,
            num_nucleotides=len(strand),
            num_resolved=int(resolved.sum()),
            num_breaks=int((~joined[1:]).sum()),
            rmsd=_bead_rmsd(back, truth),
            rmsd_segments=tuple(
                _bead_rmsd(back[part], truth[part])
                for part in np.split(np.arange(len(places)), np.flatnonzero(~joined)[1:])
                if len(part) >= SHORTEST_SEGMENT
            ),
            rmsd_all=float(rmsd(back[whole].reshape(-1, 3), truth[whole].reshape(-1, 3))) if whole.any() else np.nan,
            lddt=lddt(back[:, C4], truth[:, C4]),
        )
        self.each.append(error)
        return error

    def errors(self) -> NucleicErrors:
        """Return the summaries of the strands added so far."""
        distances = [one.rmsd for one in self.each]
        sugars = np.concatenate([np.zeros((2, 0), dtype=bool), *self._c3_endo], axis=1)
        before, after = sugars
        return NucleicErrors(
            rmsd=Spread.of(distances),
            rmsd_segments=Spread.of([segment for one in self.each for segment in one.rmsd_segments]),
            rmsd_all=Spread.of([one.rmsd_all for one in self.each]),
            lddt=Spread.of([one.lddt for one in self.each]),
            rmsd_by_length=by_size(distances, [one.num_resolved for one in self.each], LENGTH_RANGES),
            bonds_to_ideal={name: BondError.of(np.concatenate(parts)) for name, parts in self._to_ideal.items()},
            c3_endo_before=Share.of(before.tolist()),
            c3_endo_after=Share.of(after.tolist()),
            pucker=Share.of((before == after).tolist()),
        )

    def _count_bonds(self, back: NDArray[np.float64], joined: NDArray[np.bool_]) -> None:
        for (first, last), ideal in LENGTHS.items():
            length = np.linalg.norm(back[:, first] - back[:, last], axis=1)
            self._to_ideal["within nucleotides"].append(length - ideal)
        after = np.flatnonzero(joined)
        self._to_ideal["O3'-P"].append(np.linalg.norm(back[after, P] - back[after - 1, O3], axis=1) - O3_P_LENGTH)


def _bead_rmsd(back: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    return float(rmsd(back[:, BEADS].reshape(-1, 3), truth[:, BEADS].reshape(-1, 3)))
