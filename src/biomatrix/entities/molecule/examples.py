"""Real molecules that come with the dependencies, so that a fresh machine needs no download."""

from __future__ import annotations

from biomatrix.entities.bundled import complex_folder
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.registration import Example
from biomatrix.errors import ParseError
from biomatrix.metrics.stereochemistry import assign_from_conformer


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
    assign_from_conformer(mol)
    return Molecule.from_rdkit(mol, name=code)


def samples() -> list[Example]:
    """Return the examples, and components with rings, charges, many stereocentres and phosphates."""
    more = {"AIN": "aspirin", "TRP": "tryptophan", "ATP": "adenosine triphosphate", "GLC": "glucose"}
    return examples() + [
        Example(bundled_component(code), name.capitalize(), f"component {code} of the wwPDB dictionary", name)
        for code, name in more.items()
    ]


def examples() -> list[Example]:
    """Return the inhibitor of dihydrofolate reductase in its bound pose, and caffeine."""
    return [
        Example(
            bundled_ligand("1s3v").with_hydrogens(),
            "Inhibitor of dihydrofolate reductase",
            "the ligand TQD of 1s3v in its crystal pose, hydrogens added",
            "1s3v_ligand",
            frame="1s3v",
        ),
        Example(
            bundled_component("CFF"),
            "Caffeine",
            "component CFF of the wwPDB dictionary, ideal coordinates; kept out of all training",
            "caffeine",
        ),
    ]
