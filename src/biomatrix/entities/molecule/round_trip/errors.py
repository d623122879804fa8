"""How one decoded molecule differs from its original, and the summary of many."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities.molecule.compare import shown_stereochemistry
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.errors import DecodeError
from biomatrix.metrics.bonds import bond_changes, bond_elements, ring_closing
from biomatrix.metrics.stereochemistry import labels_kept, shown_centres, shown_double_bonds
from biomatrix.metrics.summaries import BondError, Share, Spread, by_size
from biomatrix.metrics.summary_lines import (
    BOND_COLUMNS,
    DISTANCE_COLUMNS,
    bond_line,
    distance_line,
    heading,
    share_words,
)
from biomatrix.metrics.superposition import rmsd

ATOM_RANGES = (1, 15, 25, 35, 45, 60, 81)
"""First atom count of each range that RMSD is shown by; the last range is open."""
SHOWN_TYPES = 12
"""Bond types in the text, the most frequent; JSON has them all."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MoleculeError:
    """How far one decoded molecule is from its original.

    Parameters
    ----------
    record : int
        Its number among all records, from 1.
    name, smiles : str
        The SMILES is the isomeric one that the original's conformer shows.
    num_atoms, num_heavy : int
        Explicit atoms, and those heavier than hydrogen.
    rmsd, heavy_rmsd : float
        Angstrom after superposition, over all atoms and over heavy atoms superimposed by themselves; NaN where there
        is no heavy atom.
    bond_mae, ring_bond_mae : float
        Mean absolute error in Angstrom, over all bonds and over ring-closing ones; NaN where there are none.
    same_stereochemistry : bool
        Whether the isomeric SMILES that both conformers show are equal.
    """

    record: int
    name: str
    smiles: str
    num_atoms: int
    num_heavy: int
    rmsd: float
    heavy_rmsd: float
    bond_mae: float
    ring_bond_mae: float
    same_stereochemistry: bool


@dataclass(frozen=True)
class MoleculeErrors:
    """The errors of many molecules, summarised.

    Parameters
    ----------
    rmsd, heavy_rmsd : Spread
        Angstrom after superposition, over all atoms and over heavy atoms superimposed by themselves.
    rmsd_by_atoms : dict of str to Spread
        By number of atoms.
    bonds : dict of str to BondError
        "all", "tree" (to the focal atom, which places the later atom) and "ring-closing" (every other bond).
    bonds_by_type : dict of str to BondError
        By elements, such as "C-H", the most frequent first.
    same_stereochemistry : Share
        Molecules whose conformers show the same isomeric SMILES before and after.
    handedness : Share
        Stereocentres that keep their CIP label.
    double_bonds : Share
        Stereo double bonds that keep E or Z.
    """

    rmsd: Spread
    heavy_rmsd: Spread
    rmsd_by_atoms: dict[str, Spread]
    bonds: dict[str, BondError]
    bonds_by_type: dict[str, BondError]
    same_stereochemistry: Share
    handedness: Share
    double_bonds: Share

    def lines(self) -> list[str]:
        """Return the figures as lines of text."""
        return [
            heading("RMSD, Angstrom", DISTANCE_COLUMNS),
            distance_line("all atoms", self.rmsd),
            *(distance_line(f"{label} atoms", spread) for label, spread in self.rmsd_by_atoms.items()),
            distance_line("heavy atoms alone", self.heavy_rmsd),
            heading("bond lengths, Angstrom", BOND_COLUMNS),
            *(bond_line(label, error) for label, error in self.bonds.items()),
            *(bond_line(label, error) for label, error in list(self.bonds_by_type.items())[:SHOWN_TYPES]),
            f"same isomeric SMILES: {share_words(self.same_stereochemistry)}; "
            f"stereocentres: {share_words(self.handedness)}; E/Z: {share_words(self.double_bonds)}",
        ]


@dataclass
class MoleculeTally:
    """Collects molecules one by one."""

    each: list[MoleculeError] = field(default_factory=list)
    _tree: list[Array] = field(default_factory=list)
    _ring: list[Array] = field(default_factory=list)
    _by_type: defaultdict[str, list[Array]] = field(default_factory=lambda: defaultdict(list))
    _centres: list[bool] = field(default_factory=list)
    _doubles: list[bool] = field(default_factory=list)

    def add(self, record: int, molecule: Molecule, ordered: PreparedMolecule, decoded: Molecule) -> MoleculeError:
        """Compare a decoded molecule with its original.

        Parameters
        ----------
        record : int
        molecule : Molecule
            The original.
        ordered : PreparedMolecule
            The original in the order of its SELFIES, which is the order of ``decoded``.
        decoded : Molecule

        Raises
        ------
        DecodeError
            Atoms or bonds differ, or coordinates that are not finite.
        """
        original = Chem.RenumberAtoms(molecule.mol, ordered.graph.order.tolist())
        positions = _checked_positions(original, decoded.mol, ordered.graph.bonds)
        heavy = np.array([atom.GetAtomicNum() > 1 for atom in original.GetAtoms()])
        changes = bond_changes(ordered.graph.bonds, ordered.positions, positions)
        rings = ring_closing(ordered.graph.bonds, ordered.size)
        self._tree.append(changes[~rings])
        self._ring.append(changes[rings])
        for label, change in zip(bond_elements(original, ordered.graph.bonds), changes, strict=True):
            self._by_type[label].append(change)
        self._centres += labels_kept(shown_centres(original), shown_centres(decoded.mol))
        self._doubles += labels_kept(shown_double_bonds(original), shown_double_bonds(decoded.mol))
        shown = shown_stereochemistry(molecule)
        entry = MoleculeError(
            record=record,
            name=molecule.name,
            smiles=shown,
            num_atoms=ordered.size,
            num_heavy=int(heavy.sum()),
            rmsd=float(rmsd(positions, ordered.positions)),
            heavy_rmsd=float(rmsd(positions[heavy], ordered.positions[heavy])) if heavy.any() else float("nan"),
            bond_mae=float(np.abs(changes).mean()) if changes.size else float("nan"),
            ring_bond_mae=float(np.abs(changes[rings]).mean()) if rings.any() else float("nan"),
            same_stereochemistry=shown == shown_stereochemistry(decoded),
        )
        self.each.append(entry)
        return entry

    def errors(self) -> MoleculeErrors:
        """Return what has been collected so far."""
        sizes, values = [one.num_atoms for one in self.each], [one.rmsd for one in self.each]
        tree = np.concatenate(self._tree) if self._tree else np.zeros(0)
        ring = np.concatenate(self._ring) if self._ring else np.zeros(0)
        by_type = sorted(self._by_type.items(), key=lambda item: (-len(item[1]), item[0]))
        return MoleculeErrors(
            rmsd=Spread.of(values),
            heavy_rmsd=Spread.of([one.heavy_rmsd for one in self.each]),
            rmsd_by_atoms=by_size(values, sizes, ATOM_RANGES),
            bonds={
                "all": BondError.of(np.concatenate([tree, ring])),
                "tree": BondError.of(tree),
                "ring-closing": BondError.of(ring),
            },
            bonds_by_type={label: BondError.of(changes) for label, changes in by_type},
            same_stereochemistry=Share.of(one.same_stereochemistry for one in self.each),
            handedness=Share.of(self._centres),
            double_bonds=Share.of(self._doubles),
        )


def _checked_positions(original: Chem.Mol, decoded: Chem.Mol, bonds: NDArray[np.int64]) -> Array:
    numbers = [[atom.GetAtomicNum() for atom in mol.GetAtoms()] for mol in (original, decoded)]
    if numbers[0] != numbers[1]:
        raise DecodeError(f"{len(numbers[0])} atoms went in and {len(numbers[1])} came back, or other elements")
    if not np.array_equal(np.argwhere(np.triu(Chem.GetAdjacencyMatrix(decoded))), bonds[np.lexsort(bonds.T[::-1])]):
        raise DecodeError("other bonds came back")
    positions = np.asarray(decoded.GetConformer().GetPositions(), dtype=np.float64)
    if not np.isfinite(positions).all():
        raise DecodeError("a decoded coordinate is not finite")
    return positions
