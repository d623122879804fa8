"""Sets of molecules as the code of MOSES reads them: parsed once, counted as often as they occur.

``molecularsets/moses`` at dd7ed6a, ``moses/utils.py`` and ``moses/metrics/utils.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from biomatrix.metrics.valence_rules import read_smiles

if TYPE_CHECKING:
    from rdkit import Chem


def parse(smiles: str) -> Chem.Mol | None:
    """Return the sanitised molecule, None where there is none: the empty string and blanks are no molecule.

    Valences are those of the RDKit that published numbers rest on.
    """
    return read_smiles(smiles) if smiles else None


@dataclass(frozen=True, eq=False)
class MoleculeSet:
    """A list of SMILES with its molecules.

    Parameters
    ----------
    smiles : tuple of str
        As they were given.
    canonical : tuple of (str or None)
        The canonical SMILES of each, None where it is no molecule.
    mols : mapping of str to rdkit.Chem.Mol
        The molecule of each distinct canonical SMILES, read from it.
    counts : mapping of str to int
        How often each of them occurs, in the same order.
    """

    smiles: tuple[str, ...]
    canonical: tuple[str | None, ...]
    mols: Mapping[str, Chem.Mol]
    counts: Mapping[str, int]

    @property
    def valid(self) -> list[str]:
        """The canonical SMILES of the valid ones, in order, duplicates included."""
        return [each for each in self.canonical if each is not None]

    @property
    def empty(self) -> int:
        """How many strings were empty or blank."""
        return sum(not each.strip() for each in self.smiles)

    @property
    def unparsable(self) -> int:
        """How many strings, not empty, were no molecule."""
        return len(self.smiles) - len(self.valid) - self.empty


def molecule_set(smiles: Sequence[str]) -> MoleculeSet:
    """Return the set of these SMILES; each distinct string is parsed once.

    Examples
    --------
    >>> molecules = molecule_set(["OCC", "CCO", "", "C1CC"])
    >>> molecules.canonical, dict(molecules.counts), molecules.empty, molecules.unparsable
    (('CCO', 'CCO', None, None), {'CCO': 2}, 1, 1)
    """
    from rdkit import Chem

    known: dict[str, str | None] = {}
    mols: dict[str, Chem.Mol] = {}
    for each in dict.fromkeys(smiles):
        mol = parse(each)
        name = known[each] = None if mol is None else str(Chem.MolToSmiles(mol))
        if name is not None and name not in mols:
            # Officially the molecule of the canonical SMILES: that which is at hand where this is how it was written.
            read = mol if name == each else parse(name)
            if read is not None:
                mols[name] = read
    canonical = tuple(known[each] for each in smiles)
    counts = Counter(each for each in canonical if each is not None)
    return MoleculeSet(tuple(smiles), canonical, mols, {each: counts[each] for each in mols})


def canonical_smiles(smiles: str, *, stereo: bool = True) -> str | None:
    """Return the canonical SMILES, None where the string is no molecule."""
    from rdkit import Chem

    mol = parse(smiles)
    return None if mol is None else str(Chem.MolToSmiles(mol, isomericSmiles=stereo))


@lru_cache(maxsize=2)
def canonical_set(smiles: frozenset[str], *, stereo: bool = True) -> frozenset[str]:
    """Return the canonical SMILES of a large set, such as a training set; kept, as every judgement asks for it anew.

    Strings that are no molecule are left out, the empty one among them.
    """
    found = (canonical_smiles(each, stereo=stereo) for each in smiles)
    return frozenset(each for each in found if each)


def brics_fragments(mol: Chem.Mol) -> list[str]:
    """Return the canonical SMILES of the pieces that a cut of every BRICS bond leaves."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        try:
            pieces = Chem.FragmentOnBRICSBonds(mol)
        except (ValueError, RuntimeError):  # a piece that today's valences refuse
            pieces = mol
    return str(Chem.MolToSmiles(pieces)).split(".")


def murcko_scaffold(mol: Chem.Mol, min_rings: int = 2) -> str | None:
    """Return the canonical SMILES of the Murcko scaffold, None where it has fewer rings or cannot be cut out."""
    from rdkit import Chem
    from rdkit.Chem.Scaffolds import MurckoScaffold
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        try:
            scaffold = MurckoScaffold.GetScaffoldForMol(mol)  # type: ignore[no-untyped-call]
        except (ValueError, RuntimeError):  # RDKit cannot kekulise some scaffolds
            return None
    if scaffold.GetRingInfo().NumRings() < min_rings:
        return None
    return str(Chem.MolToSmiles(scaffold)) or None


def weighted_counts(groups: Iterable[tuple[Iterable[str], int]]) -> Counter[str]:
    """Return how often each name occurs, where each group of names stands for several molecules."""
    total: Counter[str] = Counter()
    for names, weight in groups:
        for name in names:
            total[name] += weight
    return total
