"""Molecules parsed once: what metrics want to know of a SMILES string is computed when first asked for, and kept.

Answers repeat: a right one is its reference, references return with every model and seed, wrong ones gather on a few
common molecules. The last :data:`CAPACITY` strings are kept; a fact is any function of a molecule, named by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from biomatrix.metrics.valence_rules import read_smiles

if TYPE_CHECKING:
    from rdkit import Chem

CAPACITY: Final = 16_384
"""How many strings are kept; at 43 kB a molecule of ChEMBL with all its facts, at most 0.7 GB."""
LONGEST_KEPT: Final = 1_000
"""Longer strings, in characters, are parsed each time: few repeat, and each would hold much memory."""

T = TypeVar("T")


class ParsedMolecule:
    """A SMILES string as RDKit 2023.9 reads it, and facts about the molecule.

    Parameters
    ----------
    smiles : str
        Parsed as it stands; RDKit takes blanks around it, ignores what follows an inner blank, and makes a molecule
        without atoms of "".

    Attributes
    ----------
    mol : rdkit.Chem.Mol or None
        None where it does not parse. Shared: not to be changed.
    """

    __slots__ = ("_facts", "_lock", "_mol", "_smiles", "_valid")

    def __init__(self, smiles: str) -> None:
        self._smiles = smiles
        self._mol: Chem.Mol | None = None
        self._valid: bool | None = None
        self._facts: dict[Callable[[Any], Any], Any] = {}
        self._lock = RLock()

    @property
    def mol(self) -> Chem.Mol | None:
        """The molecule, parsed when it is first asked for."""
        with self._lock:
            if self._mol is None and self._valid is not False:
                self._mol = read_smiles(self._smiles)
                self._valid = self._mol is not None
            return self._mol

    @property
    def valid(self) -> bool:
        """Whether it parses."""
        return self.mol is not None if self._valid is None else self._valid

    def fact(self, compute: Callable[[Chem.Mol], T]) -> T:
        """Return ``compute(mol)``, computed once.

        Parameters
        ----------
        compute : callable
            A function of a module; its identity is the name of the fact.

        Raises
        ------
        ValueError
            There is no molecule.
        """
        with self._lock:
            if compute not in self._facts:
                if self.mol is None:
                    raise ValueError("no molecule to compute a fact of")
                self._facts[compute] = compute(self.mol)
            found: T = self._facts[compute]
            return found

    def knows(self, facts: Iterable[Callable[[Any], Any]]) -> bool:
        """Return whether nothing need be computed for these facts."""
        return self._valid is False or all(fact in self._facts for fact in facts)

    def learn(self, facts: Mapping[Callable[[Any], Any], Any] | None) -> None:
        """Take facts that were computed elsewhere from the same string, None where it does not parse."""
        with self._lock:
            self._valid = facts is not None
            self._facts.update(facts or {})


def parsed(smiles: str) -> ParsedMolecule:
    """Return what is known of a string, parsed at most once while it is kept.

    Examples
    --------
    >>> parsed("CCO").valid, parsed("CC(").valid, parsed("CCO") is parsed("CCO")
    (True, False, True)
    """
    return _kept(smiles) if len(smiles) <= LONGEST_KEPT else ParsedMolecule(smiles)


def forget_molecules() -> None:
    """Drop all that is kept, for measurements that begin cold."""
    _kept.cache_clear()


@lru_cache(CAPACITY)
def _kept(smiles: str) -> ParsedMolecule:
    return ParsedMolecule(smiles)


def canonical_smiles(mol: Chem.Mol) -> str:
    """Return RDKit's canonical SMILES, with stereo."""
    from rdkit import Chem

    return str(Chem.MolToSmiles(mol))


def inchi(mol: Chem.Mol) -> str:
    """Return the InChI, "" where there is none."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    to_inchi: Callable[..., str] = Chem.MolToInchi
    with BlockLogs():
        return to_inchi(mol, logLevel=None)
