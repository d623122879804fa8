"""Answers that are molecules as one file: data items in SD files, a comment in MOL files, else the title of a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from rdkit import Chem

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.files.records import record_bytes
from biomatrix.entities.samples import Sample
from biomatrix.errors import UnsupportedError

_COMMENT_LINE: Final = 2
"""The index of the line of a MOL block that is for comments."""
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
    if file_format == "mol":
        return _commented(samples[0])
    return b"".join(record_bytes(_described(one, file_format), file_format) for one in samples)


def _commented(sample: Sample) -> bytes:
    """Return a MOL block whose comment says what the sample's data are, as far as one line holds them."""
    lines = record_bytes(_described(sample, "mol"), "mol").split(b"\n")
    comment = sample.line.partition(" ")[2].encode("ascii", "replace")
    lines[_COMMENT_LINE] = comment[:_COMMENT_LENGTH]
    return b"\n".join(lines)


def _described(sample: Sample, file_format: str) -> Molecule:
    """Return a copy of the sample's molecule that carries its data in the place that the format has for them."""
    entity = cast(Molecule, sample.entity)
    mol = Chem.Mol(entity.mol)
    if file_format == "sdf":
        mol.SetIntProp("answer", sample.number)
        for name, value in sample.data.items():
            mol.SetProp(name, value)
    return Molecule(mol, sample.title if file_format in ("sdf", "mol") else sample.line, entity.notes)
