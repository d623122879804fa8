"""Sets of molecules as the code of MOSES reads them: parsed once, counted as often as they occur.

``molecularsets/moses`` at dd7ed6a, ``moses/utils.py`` and ``moses/metrics/utils.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from biomatrix.metrics.teams import Team, Work
from biomatrix.metrics.valence_rules import read_smiles

if TYPE_CHECKING:
    from rdkit import Chem

ALONE: Final = Team(0, least=1, workers=1)
"""This process alone."""
AT_ONCE: Final = 128
"""Molecules of one part of the work."""
_LARGE: Final = 2
"""Large sets that are kept."""
_large: Final[dict[tuple[frozenset[str], bool], frozenset[str]]] = {}


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
    facts : mapping of str to object
        What is known of each distinct canonical SMILES, of the molecule read from it.
    counts : mapping of str to int
        How often each of them occurs, in the same order.
    """

    smiles: tuple[str, ...]
    canonical: tuple[str | None, ...]
    facts: Mapping[str, Any]
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


def molecule_set(smiles: Sequence[str], team: Team | None = None, work: Work | None = None) -> MoleculeSet:
    """Return the set of these SMILES; each distinct string is parsed once.

    Parameters
    ----------
    smiles : sequence of str
    team : Team, optional
        The processes that share the work.
    work : Work, optional
        Returns what :func:`described` does, with the facts that are asked for; by default the length of the SMILES.

    Examples
    --------
    >>> molecules = molecule_set(["OCC", "CCO", "", "C1CC"])
    >>> molecules.canonical, dict(molecules.counts), molecules.empty, molecules.unparsable
    (('CCO', 'CCO', None, None), {'CCO': 2}, 1, 1)
    """
    distinct = list(dict.fromkeys(smiles))
    known: dict[str, str | None] = {}
    facts: dict[str, Any] = {}
    for each, (name, found) in zip(distinct, (team or ALONE).map(work or named, distinct, AT_ONCE), strict=True):
        known[each] = name
        if found is not None:
            facts.setdefault(name, found)
    canonical = tuple(known[each] for each in smiles)
    counts = Counter(each for each in canonical if each is not None)
    return MoleculeSet(tuple(smiles), canonical, facts, {each: counts[each] for each in facts})


def named(smiles: Sequence[str]) -> list[list[Any]]:
    """Return the canonical SMILES alone."""
    return described(smiles, lambda mol: mol.GetNumAtoms())


def described(smiles: Sequence[str], facts: Callable[[Chem.Mol], Any]) -> list[list[Any]]:
    """Return for each string its canonical SMILES, None for no molecule, and the facts of the molecule.

    Facts are None where another string before it is of the same molecule, or RDKit does not read what it has written.
    """
    from rdkit import Chem

    found: list[list[Any]] = []
    seen = set()
    for each in smiles:
        mol = parse(each)
        name = None if mol is None else str(Chem.MolToSmiles(mol))
        if name is None or name in seen:
            found.append([name, None])
            continue
        seen.add(name)
        # Officially the molecule of the canonical SMILES: that which is at hand where this is how it was written.
        read = mol if name == each else parse(name)
        found.append([name, None if read is None else facts(read)])
    return found


def canonical_smiles(smiles: str, *, stereo: bool = True) -> str | None:
    """Return the canonical SMILES, None where the string is no molecule."""
    from rdkit import Chem

    mol = parse(smiles)
    return None if mol is None else str(Chem.MolToSmiles(mol, isomericSmiles=stereo))


def canonical_set(smiles: frozenset[str], *, stereo: bool = True, team: Team | None = None) -> frozenset[str]:
    """Return the canonical SMILES of a large set, such as a training set; kept, as every judgement asks for it anew.

    Strings that are no molecule are left out, the empty one among them.
    """
    key = smiles, stereo
    if key not in _large:
        names = (team or ALONE).map(names_of if stereo else flat_names_of, smiles, AT_ONCE)
        while len(_large) >= _LARGE:
            _large.pop(next(iter(_large)), None)
        _large[key] = frozenset(filter(None, names))
    return _large[key]


def names_of(smiles: Sequence[str]) -> list[str | None]:
    """Return what :func:`canonical_smiles` does of each."""
    return [canonical_smiles(each) for each in smiles]


def flat_names_of(smiles: Sequence[str]) -> list[str | None]:
    """Return canonical SMILES without stereochemistry."""
    return [canonical_smiles(each, stereo=False) for each in smiles]


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
