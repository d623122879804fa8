"""What the job starts from: a protein, its bound ligand, and a molecule, bundled or the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from biomatrix.entities import Entity, Molecule, Protein
from biomatrix.entities.bundled import bundled_component, bundled_ligand, bundled_protein
from biomatrix.entities.files import MOLECULE_FORMATS, names_file
from biomatrix.errors import BioMatrixError

EXAMPLE_COMPLEX = "1s3v"
EXAMPLE_COMPONENT = "CFF"


@dataclass(frozen=True)
class Input:
    """One entity to work on.

    Parameters
    ----------
    entity : Molecule or Protein
        What was read.
    title : str
        Its heading on the page.
    origin : str
        Where it comes from, in words.
    stem : str
        What its files are called.
    shares_frame : bool
        Whether its coordinates are in the frame of the others that say so: a complex.
    """

    entity: Entity
    title: str
    origin: str
    stem: str
    shares_frame: bool = False


def gather_inputs(molecule: str | None, protein: Path | None, chain: str | None, seed: int) -> list[Input]:
    """Return the protein, its ligand if it is the bundled one, and the molecule.

    Parameters
    ----------
    molecule : str, optional
        A SMILES string or a file; caffeine from the wwPDB dictionary when not given.
    protein : Path, optional
        A structure file; chain A of 1s3v with its ligand when not given.
    chain : str, optional
        Which chain of ``protein``.
    seed : int
        Seeds the conformer of a molecule that has none.
    """
    inputs = [_given_protein(protein, chain)] if protein is not None else _example_complex()
    inputs.append(_given_molecule(molecule, seed) if molecule is not None else _example_molecule())
    return inputs


def _example_complex() -> list[Input]:
    return [
        Input(
            bundled_protein(EXAMPLE_COMPLEX),
            "Human dihydrofolate reductase",
            f"PDB entry {EXAMPLE_COMPLEX}, chain A, from PoseBusters; its cluster is kept out of all training",
            f"{EXAMPLE_COMPLEX}_A",
            shares_frame=True,
        ),
        Input(
            bundled_ligand(EXAMPLE_COMPLEX).with_hydrogens(),
            "Its bound inhibitor",
            f"the ligand TQD of {EXAMPLE_COMPLEX} in its crystal pose, hydrogens added",
            f"{EXAMPLE_COMPLEX}_ligand",
            shares_frame=True,
        ),
    ]


def _example_molecule() -> Input:
    return Input(
        bundled_component(EXAMPLE_COMPONENT),
        "Caffeine",
        f"component {EXAMPLE_COMPONENT} of the wwPDB dictionary, ideal coordinates; kept out of all training",
        "caffeine",
    )


def _given_protein(path: Path, chain: str | None) -> Input:
    entity = Protein.from_file(path, chain=chain)
    return Input(entity, entity.name or path.name, f"{path}, chain {entity.chain}", "protein")


def _given_molecule(given: str, seed: int) -> Input:
    from_file = names_file(given, MOLECULE_FORMATS)
    entity = Molecule.from_file(Path(given)) if from_file else Molecule.from_smiles(given)
    origin = f"file {given}" if from_file else f"SMILES {given}"
    if entity.has_structure:
        entity = entity.with_hydrogens()  # 3D tokens write all atoms
    else:
        try:
            entity, origin = entity.embed(seed=seed), f"{origin}, conformer by ETKDG and MMFF"
        except BioMatrixError as error:
            origin = f"{origin}; without 3D: {error.message}"
    return Input(entity, entity.name or "Your molecule", origin, "molecule")
