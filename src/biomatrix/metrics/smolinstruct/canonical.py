"""The canonical form that SMolInstruct compares answers in (``utils/smiles_canonicalization.py``).

Component by component: atom maps removed, RDKit's canonical SMILES until it stays, then once more through a copy that
keeps elements, charges, bonds and the chirality of centres but not isotopes, and written in Kekulé form. The copy is
that of the RDChiral project, whose isotope labels decide whether a centre is inverted; answers with isotopes at a
centre depend on that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from biomatrix.metrics.graph_counts import element_counts
from biomatrix.metrics.parsed_molecules import LONGEST_KEPT, canonical_smiles, inchi, parsed
from biomatrix.metrics.valence_rules import read_smiles, unsanitised

if TYPE_CHECKING:
    from rdkit import Chem

_ORGANIC: Final = frozenset({"B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"})
_KEPT: Final = 131_072
"""How many canonical forms are kept: strings alone, some hundred bytes each."""
_FEW: Final = 500
"""InChI takes up to 1,023 atoms, hydrogens included."""


def canonical(smiles: str) -> str | None:
    """Return the sorted canonical components joined by dots, None where one does not parse or is empty.

    Examples
    --------
    >>> canonical("O.c1ccccc1[C@@H](C)O"), canonical("CCO."), canonical("CC(")
    ('C[C@@H](O)C1=CC=CC=C1.O', None, None)
    """
    components = [canonical_component(part) for part in smiles.split(".")]
    known = [component for component in components if component is not None]
    return ".".join(sorted(known)) if len(known) == len(components) else None


def canonical_component(part: str) -> str | None:
    """Return one component in canonical form, None where it does not parse or is empty."""
    return _component(part) if len(part) <= LONGEST_KEPT else _component.__wrapped__(part)


def among(parts: Collection[str], others: Collection[str]) -> list[bool]:
    """Return for each canonical component whether one of the others has its InChI.

    An InChI is computed only where it can decide: not for equal strings, nor where no other component has as many heavy
    atoms of each element, as one InChI would imply.
    """
    return [part in others or any(_same_inchi(part, other) for other in others) for part in parts]


def _same_inchi(part: str, other: str) -> bool:
    one, two = parsed(part), parsed(other)
    return one.fact(heavy_atoms) == two.fact(heavy_atoms) and one.fact(inchi) == two.fact(inchi)


def heavy_atoms(mol: Chem.Mol) -> frozenset[tuple[str, int]]:
    """Return the heavy atoms by element; nothing for a molecule that may have no InChI, which compares like any such.

    Those are molecules with an element that is not organic, or of very many atoms.
    """
    counts = element_counts(mol)
    return frozenset(counts.items()) if counts.keys() <= _ORGANIC and counts.total() < _FEW else frozenset()


def forget_canonical() -> None:
    """Drop all canonical forms that are kept, for measurements that begin cold."""
    _component.cache_clear()
    _settled.cache_clear()


@lru_cache(_KEPT)
def _component(part: str) -> str | None:
    mol = read_smiles(part) if part else None
    if mol is None:
        return None
    if ":" in part:
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
    return _settled(canonical_smiles(mol))


@lru_cache(_KEPT)
def _settled(smiles: str) -> str | None:
    """Return the canonical form of what RDKit wrote: read and written twice more, copied, Kekulé."""
    stays: Chem.Mol | None = None
    for _ in range(2):
        again = read_smiles(smiles)
        if again is None:
            return None
        written = canonical_smiles(again)
        if written == smiles:  # a fixed point: what follows would not change it
            stays = again
            break
        smiles = written
    copy = rewritten(smiles)
    if copy is None:
        return None
    last = stays if stays is not None and copy == smiles else read_smiles(copy)
    return None if last is None else _kekule(last)


def _kekule(mol: Chem.Mol) -> str | None:
    from rdkit import Chem

    try:
        return str(Chem.MolToSmiles(mol, kekuleSmiles=True))
    except (ValueError, RuntimeError):
        return None


def rewritten(smiles: str) -> str | None:
    """Return the SMILES of the copy, its aromaticity perceived anew, None where RDKit refuses it."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    flags = Chem.SanitizeFlags
    with BlockLogs():
        try:
            source = unsanitised(smiles.replace(" ", ""))
            if source is None:
                return None
            source.UpdatePropertyCache(strict=False)
            copy = _copied(source)
            copy.UpdatePropertyCache(strict=False)  # the valences have passed already, by the rules of their time
            Chem.SanitizeMol(copy, flags.SANITIZE_SETAROMATICITY | flags.SANITIZE_ADJUSTHS, catchErrors=True)
            Chem.AssignStereochemistry(copy, cleanIt=False, force=True, flagPossibleStereoCenters=True)
            return str(Chem.MolToSmiles(copy))
        except (ValueError, RuntimeError, AttributeError):
            return None


def _copied(source: Chem.Mol) -> Chem.RWMol:
    from rdkit import Chem

    copy, unspecified = Chem.RWMol(), Chem.ChiralType.CHI_UNSPECIFIED
    chiral = []
    # By index: iterating over RDKit's sequences costs several calls an item.
    for index in range(source.GetNumAtoms()):
        atom = source.GetAtomWithIdx(index)
        new = Chem.Atom(atom.GetAtomicNum())
        new.SetFormalCharge(atom.GetFormalCharge())
        if atom.GetIsAromatic() and atom.GetNoImplicit():
            new.SetNumExplicitHs(atom.GetNumExplicitHs())
        copy.AddAtom(new)
        if atom.GetChiralTag() != unspecified:
            chiral.append(index)
    for index in range(source.GetNumBonds()):
        bond = source.GetBondWithIdx(index)
        copy.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType())
        new_bond = copy.GetBondWithIdx(index)
        new_bond.SetBondDir(bond.GetBondDir())
        new_bond.SetStereo(bond.GetStereo())
    for index in chiral:
        _copy_chirality(source.GetAtomWithIdx(index), copy.GetAtomWithIdx(index))
    return copy


def _copy_chirality(source: Any, copy: Any) -> None:
    """Give a copied atom the chirality of its source, inverted where the labels of its neighbours say so."""
    from rdkit.Chem import BondType

    degree = copy.GetDegree()
    if degree < 3 or (degree == 3 and any(bond.GetBondType() != BondType.SINGLE for bond in copy.GetBonds())):
        return
    copy.SetChiralTag(source.GetChiralTag())
    labels = [atom.GetIsotope() for atom in source.GetNeighbors()]
    if any(labels) and not _same_handedness(labels, [0] * degree):
        copy.InvertChirality()


def _same_handedness(labels: Sequence[int], copied: Sequence[int]) -> bool:
    """Return whether four neighbours have the same parity by their labels in the source and in the copy."""
    four, four_copied = [*labels, -1][:4], [*copied, -1][:4]
    own, others = [one for one in four if one not in four_copied], [one for one in four_copied if one not in four]
    if len(own) > 1 or len(others) > 1:
        return True  # several labels: ambiguous, and left as it is
    replaced = own.copy()
    mapped = [one if one in four else replaced.pop() for one in four_copied]
    return _parity(four) == _parity(mapped)


def _parity(values: Sequence[int]) -> int:
    """Return 0 for an even and 1 for an odd number of inversions; equal values count as inverted."""
    return sum(values[i] >= values[j] for i in range(4) for j in range(i + 1, 4)) % 2
