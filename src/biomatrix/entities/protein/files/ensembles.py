"""Answers that are structures as one file: a model each, as viewers show ensembles, with its remarks or items."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import numpy as np

from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.binary import binary_of
from biomatrix.entities.protein.files.mmcif import cif_text
from biomatrix.entities.protein.files.pdb import pdb_text
from biomatrix.entities.samples import Sample
from biomatrix.errors import UnsupportedError

_REMARK: Final = "REMARK 225 "
"""Remark 225 of the PDB format is about theoretical models."""
_RESIDUE: Final = slice(17, 27)
"""The columns of a PDB line that name the residue: its type, chain, number and insertion code."""
B_FACTOR: Final = "100 times the probability of the residue's token among those allowed"
"""What the column of B-factors holds, as the file says it."""
_WIDTH: Final = 80
_MOST_MODELS: Final = 9_999
_DATA: Final = "_biomatrix_answer."


def ensemble_bytes(samples: Sequence[Sample], file_format: str) -> bytes:
    """Return a .pdb, .cif or .bcif file with one model for each sample, numbered as the samples are.

    Raises
    ------
    UnsupportedError
        A chain has no structure or does not fit the format, or the samples differ in their sequences.
    """
    if len({_protein(one).sequence for one in samples}) > 1:
        raise UnsupportedError("structures of different sequences are no models of one chain; give a folder")
    if file_format == "pdb":
        return _pdb(samples).encode()
    text = _cif(samples)
    return binary_of(text) if file_format == "bcif" else text.encode()


def _pdb(samples: Sequence[Sample]) -> str:
    lines = [line for one in samples for line in _remarks(one)]
    for one in samples:
        if one.number > _MOST_MODELS:
            raise UnsupportedError(f"model {one.number:,}, past the {_MOST_MODELS:,} of a PDB file; write .cif")
        atoms = [line for line in pdb_text([_protein(one)]).splitlines() if line.startswith(("ATOM", "TER"))]
        b_factors = _b_factors(one, [line[_RESIDUE] for line in atoms])
        atoms = [
            f"{line[:60]}{b:6.2f}{line[66:]}" if line[0] == "A" else line
            for line, b in zip(atoms, b_factors, strict=True)
        ]
        lines += [f"MODEL     {one.number:>4}", *atoms, "ENDMDL"] if len(samples) > 1 else atoms
    return "\n".join(f"{line:<{_WIDTH}}" for line in [*lines, "END"]) + "\n"


def _remarks(sample: Sample) -> Iterator[str]:
    """Yield the remark lines of a sample: ``MODEL 3 LOGPROB -12.3``."""
    described = {**sample.data, **({"b_factor": B_FACTOR} if sample.confidences else {})}
    for name, value in described.items():
        text = f"MODEL {sample.number} {name.upper()} {value}".encode("ascii", "replace").decode()
        yield from (_REMARK + line for line in textwrap.wrap(text, _WIDTH - len(_REMARK)))


def _cif(samples: Sequence[Sample]) -> str:
    """Return an mmCIF text: the first categories of the longest chain, the atoms of all, and the data as a loop."""
    from gemmi import cif

    proteins = [_protein(one) for one in samples]
    longest = max(proteins, key=len)
    document = cif.read_string(cif_text([longest]))
    block: Any = document.sole_block()
    tags = [str(tag) for tag in block.find_loop("_atom_site.id").get_loop().tags]
    serial, model = tags.index("_atom_site.id"), tags.index("_atom_site.pdbx_PDB_model_num")
    place, b_factor = tags.index("_atom_site.label_seq_id"), tags.index("_atom_site.B_iso_or_equiv")
    atoms: list[list[str]] = []
    for one, protein in zip(samples, proteins, strict=True):
        rows = [[str(v) for v in row] for row in cif.read_string(cif_text([protein])).sole_block().find(tags)]
        for values, b in zip(rows, _b_factors(one, [values[place] for values in rows]), strict=True):
            values[serial], values[model], values[b_factor] = str(len(atoms) + 1), str(one.number), f"{b:.2f}"
            atoms.append(values)
    columns = [list(column) for column in zip(*atoms, strict=True)]
    block.find_loop("_atom_site.id").get_loop().set_all_values(columns)
    data = block.init_loop(_DATA, ["model_num", "name", "value"])
    for one in samples:
        described = {**one.data, **({"b_factor": B_FACTOR} if one.confidences else {})}
        for name, value in described.items():
            data.add_row([str(one.number), cif.quote(name), cif.quote(value)])
    return str(document.as_string())


def _b_factors(sample: Sample, residues: Sequence[str]) -> list[float]:
    """Return the B-factor of each atom: how sure the model was of its residue; 0 where that is not known.

    Parameters
    ----------
    sample : Sample
    residues : sequence of str
        What tells the residue of each atom from its neighbours', in the order of the chain.
    """
    protein = _protein(sample)
    positions = np.empty((0, 3, 3)) if protein.backbone is None else protein.backbone
    written = np.flatnonzero([bool(np.isfinite(atoms).all(axis=1).any()) for atoms in positions]).tolist()
    factors, place = [], -1
    for at, residue in enumerate(residues):
        place += at == 0 or residue != residues[at - 1]
        known = sample.confidences[written[place]] if sample.confidences else 0.0
        factors.append(known if known == known else 0.0)
    return factors


def _protein(sample: Sample) -> Protein:
    return cast(Protein, sample.entity)
