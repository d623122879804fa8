"""Test chains as MultiFlow and DPLM-2 keep them: a table of names, and a file of coordinates for each.

Settings: ``metadata``, the table of a split (``pdb_name``, ``processed_path``); ``structures``, the folder that its
paths are relative to; ``ids``, a list of the names that count, one a line or in the first column; ``min_residues`` and
``max_residues`` of the modelled part. A file of coordinates is a processed one, a pickled mapping of AlphaFold's arrays
(37 atoms a residue) that is read without running it, or a structure file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities import Protein
from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.pickled_values import plain_value
from biomatrix.tasks.benchmarks.rows.chain_rows import backbone_example
from biomatrix.tasks.benchmarks.rows.pair_examples import text
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import Row, table_examples

_RESIDUES: Final = "ARNDCQEGHILKMFPSTWYVX"
"""The order in which AlphaFold numbers residue types; the last is any other."""
_UNKNOWN: Final = len(_RESIDUES) - 1
_BACKBONE: Final = (0, 1, 2)
"""N, CA and C among AlphaFold's 37 atoms."""


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the chains of a split; those of other lengths are left out, as the official evaluation does."""
    path = official_file(folder, of_split(settings["metadata"], split))
    named = _names(folder, settings)

    def make(_: int, row: Row) -> Iterator[Example | Reject]:
        name = text(row, "pdb_name")
        if named is None or name in named:
            place = official_file(folder / settings["structures"], _inside(text(row, "processed_path")))
            chain = read_chain(place, name)
            if settings.get("min_residues", 1) <= len(chain) <= settings.get("max_residues", 10**9):
                yield backbone_example(chain)

    return table_examples(path, make)


def _names(folder: Path, settings: Mapping[str, Any]) -> frozenset[str] | None:
    if "ids" not in settings:
        return None
    lines = read_lines(official_file(folder, settings["ids"]))
    return frozenset(line.split(",")[0].strip() for line in lines)


def _inside(path: str) -> str:
    """Return a path below the folder; ParseError where it leads out of it."""
    parts = Path(path).parts
    if Path(path).is_absolute() or ".." in parts:
        raise ParseError(f"the path {path[:80]!r} leads out of the folder of structures")
    return str(Path(*parts))


def read_chain(path: Path, name: str) -> Protein:
    """Return the modelled part of a chain: from the first residue of a known type to the last.

    Raises
    ------
    ParseError
        The file is broken or no such chain.
    """
    if ".pkl" not in path.suffixes:
        return Protein.from_file(path)
    try:
        return _processed(plain_value(read_bytes(path)), name)
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error.__cause__


def _processed(features: Any, name: str) -> Protein:
    """Return the chain of arrays: ``aatype`` [L], ``atom_positions`` [L, 37, 3] in Angstrom, ``atom_mask`` [L, 37]."""
    try:
        kinds, positions, mask = (np.asarray(features[key]) for key in ("aatype", "atom_positions", "atom_mask"))
        modelled = np.asarray(features.get("modeled_idx", np.flatnonzero(kinds != _UNKNOWN)), dtype=np.int64)
        first, last = int(modelled.min()), int(modelled.max()) + 1
        letters = "".join(_RESIDUES[kind] for kind in kinds[first:last].astype(np.int64))
        backbone = positions[first:last, _BACKBONE].astype(np.float32)
        backbone[mask[first:last, _BACKBONE] < 0.5] = np.nan
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ParseError(f"no chain of AlphaFold's arrays: {error}") from error
    return Protein.from_backbone(backbone, letters, name)
