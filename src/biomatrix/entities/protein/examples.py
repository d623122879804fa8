"""Real chains that come with the dependencies, so that a fresh machine needs no download."""

from __future__ import annotations

from biomatrix.entities.bundled import complex_folder
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.registration import Example


def bundled_protein(pdb_id: str = "1s3v", chain: str = "A") -> Protein:
    """Return a chain of a bundled complex (1s3v: human dihydrofolate reductase)."""
    return Protein.from_file(complex_folder(pdb_id) / f"{pdb_id}_protein_one_lig_removed.pdb", chain=chain)


def examples() -> list[Example]:
    """Return chain A of human dihydrofolate reductase."""
    return [
        Example(
            bundled_protein("1s3v"),
            "Human dihydrofolate reductase",
            "PDB entry 1s3v, chain A, from PoseBusters; its cluster is kept out of all training",
            "1s3v_A",
            frame="1s3v",
        )
    ]
