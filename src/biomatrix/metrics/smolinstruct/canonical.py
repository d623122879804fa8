"""The canonical form that SMolInstruct compares answers in (``utils/smiles_canonicalization.py``).

Component by component: atom maps removed, RDKit's canonical SMILES until it stays, then once more through a copy that
keeps elements, charges, bonds and the chirality of centres but not isotopes, and written in Kekulé form. The copy is
that of the RDChiral project, whose isotope labels decide whether a centre is inverted; answers with isotopes at a
centre depend on that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from biomatrix.metrics.parsed_molecules import LONGEST_KEPT, canonical_smiles, inchi, parsed
from biomatrix.metrics.smolinstruct.rewriting import rewritten
from biomatrix.metrics.teams import Team
from biomatrix.metrics.valence_rules import read_smiles

if TYPE_CHECKING:
    from rdkit import Chem

_ORGANIC: Final = frozenset({"B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"})
_KEPT: Final = 131_072
"""How many canonical forms are kept: strings alone, some hundred bytes each."""
_FEW: Final = 500
"""InChI takes up to 1,023 atoms, hydrogens included."""
_ELEMENT: Final = re.compile(r"[A-Z][a-z]?|\*")
_AT_ONCE: Final = 64
_forms: Final[dict[str, str | None]] = {}
_settled: Final[dict[str, str | None]] = {}


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
    if len(part) > LONGEST_KEPT:
        return _component(part)
    return _forms[part] if part in _forms else _kept(_forms, part, _component(part))


def unknown_components(smiles: Iterable[str]) -> list[str]:
    """Return the components of molecules whose canonical form is not known, each once, in the order they come in."""
    parts = dict.fromkeys(part for each in smiles for part in each.split(".") if len(part) <= LONGEST_KEPT)
    return [part for part in islice(parts, _KEPT) if part not in _forms]


def know_canonical(parts: Sequence[str], team: Team) -> None:
    """Have components put in canonical form by a team; best with those side by side that may be the same."""
    for part, form in zip(parts, team.map(canonical_components, parts, _AT_ONCE), strict=True):
        _kept(_forms, part, form)


def canonical_components(parts: Sequence[str]) -> list[str | None]:
    """Return what :func:`canonical_component` does of each."""
    return [canonical_component(part) for part in parts]


def among(parts: Collection[str], others: Collection[str]) -> list[bool]:
    """Return for each canonical component whether one of the others has its InChI.

    An InChI is computed only where it can decide: not for equal strings, nor where no other component has as many heavy
    atoms of each element, as one InChI would imply.
    """
    return [part in others or any(_same_inchi(part, other) for other in others) for part in parts]


def _same_inchi(part: str, other: str) -> bool:
    return heavy_atoms(part) == heavy_atoms(other) and parsed(part).fact(inchi) == parsed(other).fact(inchi)


@lru_cache(_KEPT)
def heavy_atoms(component: str) -> frozenset[tuple[str, int]]:
    """Return the heavy atoms of a canonical component by element, which is written without aromatic letters.

    Nothing for a molecule that may have no InChI, which compares like any such: one with an element that is not
    organic, or of very many atoms.

    Examples
    --------
    >>> sorted(heavy_atoms("C1=C[NH]C(Cl)=C1")), heavy_atoms("[Na+]")
    ([('C', 4), ('Cl', 1), ('N', 1)], frozenset())
    """
    counts = Counter(_ELEMENT.findall(component))
    del counts["H"]
    return frozenset(counts.items()) if counts.keys() <= _ORGANIC and counts.total() < _FEW else frozenset()


def forget_canonical() -> None:
    """Drop all canonical forms that are kept, for measurements that begin cold."""
    _forms.clear()
    _settled.clear()
    heavy_atoms.cache_clear()


def _kept(forms: dict[str, str | None], smiles: str, form: str | None) -> str | None:
    """Keep and return a form, in place of the oldest where there are many."""
    while len(forms) >= _KEPT:
        forms.pop(next(iter(forms)), None)
    forms[smiles] = form
    return form


def _component(part: str) -> str | None:
    mol = read_smiles(part) if part else None
    if mol is None:
        return None
    if ":" in part:
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
    smiles = canonical_smiles(mol)
    if smiles in _settled:
        return _settled[smiles]
    return _kept(_settled, smiles, _settle(smiles, mol if smiles == part else None))


def _settle(smiles: str, stays: Chem.Mol | None) -> str | None:
    """Return the canonical form of what RDKit wrote: read and written twice more, copied, Kekulé.

    Parameters
    ----------
    smiles : str
    stays : rdkit.Chem.Mol, optional
        What the string reads as, where RDKit is known to write that as the same string.
    """
    for _ in range(0 if stays is not None else 2):
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
