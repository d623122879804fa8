"""Answers that are molecules as one file: data items in SD files, a comment in MOL files, else the title of a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from rdkit import Chem

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.records import record_bytes
from biomatrix.entities.samples import Sample
from biomatrix.errors import UnsupportedError

_COMMENT: Final = "_MolFileComments"
"""Where RDKit keeps the third line of a MOL block."""
_COMMENT_LENGTH: Final = 80


def sample_bytes(samples: Sequence[Sample], file_format: str) -> bytes:
    """Return the records of a .sdf, .smi or .selfies file, or the only one of a .mol file.

    Raises
    ------
    UnsupportedError
        A molecule cannot be written in the format, or several are to share a .mol file.
    """
    if file_format == "mol" and len(samples) > 1:
        raise UnsupportedError("a .mol file holds one molecule; write .sdf")
    return b"".join(record_bytes(_described(one, file_format), file_format) for one in samples)


def _described(sample: Sample, file_format: str) -> Molecule:
    """Return a copy of the sample's molecule that carries its data in the place that the format has for them."""
    entity = cast(Molecule, sample.entity)
    mol = Chem.Mol(entity.mol)
    if file_format == "sdf":
        mol.SetIntProp("answer", sample.number)
        for name, value in sample.data.items():
            mol.SetProp(name, " ".join(value.split()))
    elif file_format == "mol":
        mol.SetProp(_COMMENT, sample.line.partition(" ")[2][:_COMMENT_LENGTH])
    return Molecule(mol, sample.title if file_format in ("sdf", "mol") else sample.line, entity.notes)
