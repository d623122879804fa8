"""From a sanitised molecule to a record: computed properties, refusals, and its side of the split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rdkit import Chem, rdBase

from biomatrix.corpus.holdout import is_held_out_identity
from biomatrix.corpus.records import Record
from biomatrix.entities import Molecule
from biomatrix.entities.molecule.identity import graph_key
from biomatrix.entities.molecule.properties import computed_properties
from biomatrix.errors import LimitError, ParseError, UnsupportedError

MAX_HEAVY_ATOMS = 60
MAX_ATOMS = 140
SIZES: Final[Mapping[str, int]] = {"heavy_atoms": MAX_HEAVY_ATOMS, "atoms": MAX_ATOMS}
"""The largest molecule that is taken where a recipe sets no other; ``atoms`` counts hydrogens that are written."""


def parse_smiles(smiles: str | None) -> Chem.Mol:
    """Return a sanitised molecule, or raise ParseError with the string."""
    if not smiles:
        raise ParseError("no SMILES in the row")
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        raise ParseError(f"not a SMILES string RDKit can read: {smiles[:80]!r}")
    return mol


def check_molecule(mol: Chem.Mol, sizes: Mapping[str, int] = SIZES) -> None:
    """Raise LimitError or UnsupportedError where a molecule is outside what the corpus covers."""
    heavy, largest, atoms = mol.GetNumHeavyAtoms(), sizes["heavy_atoms"], sizes["atoms"]
    if heavy == 0 or heavy > largest:
        raise LimitError(f"{heavy} heavy atoms: the corpus takes 1 to {largest}")
    if mol.GetNumAtoms() > atoms:
        raise LimitError(f"{mol.GetNumAtoms()} atoms: the corpus takes at most {atoms}")
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise UnsupportedError("a wildcard atom has no SELFIES symbol")
    if len(Chem.GetMolFrags(mol)) > 1:
        raise UnsupportedError("several fragments: the corpus takes connected molecules")


def molecule_record(
    source: str,
    identifier: str,
    mol: Chem.Mol,
    fields: Mapping[str, str],
    *,
    sizes: Mapping[str, int] = SIZES,
) -> Record:
    """Return the record of a molecule.

    Parameters
    ----------
    source, identifier : str
        The source's name and the record's id in it.
    mol : rdkit.Chem.Mol
        Sanitised; with explicit hydrogens where it has a conformer.
    fields : mapping of str to str
        The source's fields; computed properties are added, and fields without a value left out.
    sizes : mapping of str to int
        The largest molecule that is taken, as in `SIZES`.

    Raises
    ------
    LimitError, UnsupportedError
        If it is outside what the corpus covers.
    ParseError
        If RDKit cannot sanitise it without hydrogens.
    """
    check_molecule(mol, sizes)
    try:
        key = graph_key(mol)
        plain = Chem.RemoveHs(mol)
    except Chem.MolSanitizeException as error:
        raise ParseError(f"RDKit cannot sanitise it without hydrogens: {error}") from error
    return Record(
        source,
        identifier,
        "molecule",
        "held_out" if is_held_out_identity(key, Molecule.kind) else "train",
        {**computed_properties(plain), **{name: value for name, value in fields.items() if value}},
        Molecule.from_rdkit(mol, name=identifier),
    )
