"""Real entities that come with the dependencies, so that a fresh machine needs no download.

The PoseBusters package carries four protein-ligand complexes of the PDB; Biotite carries the wwPDB Chemical Component
Dictionary. Both sets are CC0.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from biomatrix.entities.molecule import Molecule
from biomatrix.entities.protein import Protein
from biomatrix.errors import ConfigurationError, ParseError

COMPLEXES = ("1s3v", "1ia1", "1uou", "1of6")


def complex_folder(pdb_id: str) -> Path:
    """Return the folder of one bundled complex."""
    found = find_spec("posebusters")
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError("the posebusters package is not installed; run: pip install posebusters")
    folder = Path(found.submodule_search_locations[0]) / "datasets" / "pdb" / pdb_id
    if not folder.is_dir():
        raise ConfigurationError(f"no bundled complex {pdb_id!r}; there are: {', '.join(COMPLEXES)}")
    return folder


def bundled_protein(pdb_id: str = "1s3v", chain: str = "A") -> Protein:
    """Return a chain of a bundled complex (1s3v: human dihydrofolate reductase)."""
    return Protein.from_file(complex_folder(pdb_id) / f"{pdb_id}_protein_one_lig_removed.pdb", chain=chain)


def bundled_ligand(pdb_id: str = "1s3v") -> Molecule:
    """Return the ligand of a bundled complex in its bound pose, in the frame of the protein."""
    return Molecule.from_file(complex_folder(pdb_id) / f"{pdb_id}_ligand.sdf")


def bundled_component(code: str) -> Molecule:
    """Return a component of the wwPDB dictionary with its ideal coordinates, such as ``CFF`` (caffeine).

    Raises
    ------
    ParseError
        The code is unknown, or RDKit cannot make sense of the component.
    """
    from biotite.interface.rdkit import to_mol
    from biotite.structure.info import residue
    from rdkit import Chem

    try:
        mol = to_mol(residue(code))
        Chem.SanitizeMol(mol)
    except (KeyError, ValueError) as error:
        raise ParseError(
            f"not a readable component of the chemical component dictionary: {error}", record=code
        ) from error
    Chem.AssignStereochemistryFrom3D(mol)
    return Molecule.from_rdkit(mol, name=code)
