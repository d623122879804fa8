"""What one decoded molecule differs in from its original, and the sums of many."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.doctor.statistics import BondError, Share, Spread, by_size
from biomatrix.entities import Molecule
from biomatrix.entities.molecule.compare import shown_stereochemistry, with_shown_stereochemistry
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.errors import DecodeError
from biomatrix.metrics.superposition import rmsd

ATOM_RANGES = (1, 15, 25, 35, 45, 60, 81)
"""First atom count of each range that RMSD is shown by; the last range is open."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MoleculeError:
    """How far one molecule came back from itself.

    Parameters
    ----------
    record : int
        Its number among the records given, from 1.
    name, smiles : str
    num_atoms, num_heavy : int
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
    """The errors of many molecules.

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


@dataclass
class MoleculeTally:
    """Collects molecules one by one."""

    each: list[MoleculeError] = field(default_factory=list)
    _tree: list[Array] = field(default_factory=list)
    _ring: list[Array] = field(default_factory=list)
    _by_type: defaultdict[str, list[Array]] = field(default_factory=lambda: defaultdict(list))
    _labels: dict[str, list[bool]] = field(default_factory=lambda: {"centres": [], "double bonds": []})

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
            Other atoms or bonds came back, or coordinates that are not finite.
        """
        original = Chem.RenumberAtoms(molecule.mol, ordered.graph.order.tolist())
        positions = _checked_positions(original, decoded.mol, ordered.graph.bonds)
        heavy = np.array([atom.GetAtomicNum() > 1 for atom in original.GetAtoms()])
        changes = bond_changes(ordered.graph.bonds, ordered.positions, positions)
        rings = ring_closing(ordered.graph.bonds, ordered.size)
        self._tree.append(changes[~rings])
        self._ring.append(changes[rings])
        for label, change in zip(bond_types(original, ordered.graph.bonds), changes, strict=True):
            self._by_type[label].append(change)
        self._count_labels(original, decoded.mol)
        shown = shown_stereochemistry(molecule)
        found = MoleculeError(
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
        self.each.append(found)
        return found

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
            same_stereochemistry=_share([one.same_stereochemistry for one in self.each]),
            handedness=_share(self._labels["centres"]),
            double_bonds=_share(self._labels["double bonds"]),
        )

    def _count_labels(self, original: Chem.Mol, decoded: Chem.Mol) -> None:
        before, after = stereo_labels(original), stereo_labels(decoded)
        for kind, kept in self._labels.items():
            kept += [after[kind].get(place) == label for place, label in before[kind].items()]


def ring_closing(bonds: NDArray[np.int64], num_atoms: int) -> NDArray[np.bool_]:
    """Return which bonds close a ring: all but the one to the focal atom, the earlier neighbour of largest index.

    Parameters
    ----------
    bonds : ndarray, shape=(E, 2), dtype=int64
        Atoms in the order of the SELFIES, the lower index first.
    num_atoms : int
    """
    focal = np.full(num_atoms, -1)
    np.maximum.at(focal, bonds[:, 1], bonds[:, 0])
    return np.asarray(focal[bonds[:, 1]] != bonds[:, 0])


def bond_changes(bonds: NDArray[np.int64], before: Array, after: Array) -> Array:
    """Return length after less length before of each bond, ``float64 [E]`` in Angstrom."""
    begin, end = bonds.T
    lengths = [np.linalg.norm(xyz[begin] - xyz[end], axis=1) for xyz in (before, after)]
    return np.asarray(lengths[1] - lengths[0])


def bond_types(mol: Chem.Mol, bonds: NDArray[np.int64]) -> list[str]:
    """Return the elements of each bond, carbon first and hydrogen last: "C-H", "C-Cl", "O-S"."""
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
    return ["-".join(sorted((symbols[a], symbols[b]), key=_element_order)) for a, b in bonds.tolist()]


def stereo_labels(mol: Chem.Mol) -> dict[str, dict[tuple[int, ...], str]]:
    """Return the CIP label of each stereocentre and stereo double bond that the conformer shows, by its atoms."""
    shown = with_shown_stereochemistry(mol)
    centres: dict[tuple[int, ...], str] = {
        (a.GetIdx(),): a.GetProp("_CIPCode") for a in shown.GetAtoms() if a.HasProp("_CIPCode")
    }
    doubles: dict[tuple[int, ...], str] = {
        tuple(sorted((b.GetBeginAtomIdx(), b.GetEndAtomIdx()))): str(b.GetStereo())
        for b in shown.GetBonds()
        if b.GetStereo() in (Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOZ)
    }
    return {"centres": centres, "double bonds": doubles}


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


def _element_order(symbol: str) -> tuple[int, str]:
    return {"C": 0, "H": 2}.get(symbol, 1), symbol


def _share(kept: list[bool]) -> Share:
    return Share(sum(kept), len(kept))
