"""Complexes of PDBbind: an index with affinities, lists of a split, and a folder of files for each complex.

Settings: ``index``, the path of ``INDEX_general_PL.2020`` or one like it; ``splits``, the list of PDB codes of each
split; ``complexes``, the folder that holds ``1abc/1abc_ligand.sdf`` and ``1abc/1abc_protein.pdb``; ``receptor``,
``protein`` or ``pocket``.

A value is -log10 of Kd, Ki or IC50 in mol/L, whatever the relation it stands with, as published evaluations take it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biomatrix.entities import Molecule, Protein, Reject, read_proteins
from biomatrix.entities.files.reading import read_lines
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.affinity_index import affinities
from biomatrix.tasks.benchmarks.rows.complex_examples import complex_example
from biomatrix.tasks.benchmarks.rows.split_files import of_split


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the complexes of a split, in the order of its list."""
    listed = official_file(folder, of_split(settings["splits"], split))
    values = affinities(official_file(folder, settings["index"]))
    for number, line in enumerate(read_lines(listed), 1):
        code = line.strip()
        if not code:
            continue
        try:
            if code not in values:
                raise ParseError(f"the index has no {code!r}")
            yield complex_example(code, *_complex(folder, code, settings), values[code])
        except BioMatrixError as error:
            yield Reject.from_error(error, str(listed), number)


def _complex(folder: Path, code: str, settings: Mapping[str, Any]) -> tuple[Molecule, tuple[Protein, ...]]:
    place = folder / settings["complexes"] / code
    receptor = official_file(place, f"{code}_{settings.get('receptor', 'protein')}.pdb")
    chains = tuple(each for each in read_proteins(receptor) if not isinstance(each, Reject))
    return _ligand(place, code), chains


def _ligand(place: Path, code: str) -> Molecule:
    """Return the ligand of its SDF, or of its MOL2: some SDF files have hydrogen counts that make them queries."""
    try:
        return Molecule.from_file(official_file(place, f"{code}_ligand.sdf"))
    except (ParseError, UnsupportedError):
        return Molecule.from_file(official_file(place, f"{code}_ligand.mol2"))
