"""Read a table of strands with cluster and split: the layout that fits and benchmarks of structure tokenizers read.

A Parquet table with one strand per row. ``coords`` is a flat list of int16, hundredths of an Angstrom from a centroid,
in the order residue, atom, axis; -32768 marks a missing atom. ``atoms`` says which a row has: ``fifteen``, those of
`NucleicAcid.ATOMS`, or ``three``, the beads P, C4' and the glycosidic N. ``cluster`` groups relatives by fold and
sequence, and ``split`` is by cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.files.paths import is_file, is_folder
from biomatrix.entities.nucleic.bases import as_dna, as_rna, base_kind
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.structure.nucleotide.beads import ATOMS, BEADS
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

STRAND_TABLE: Final = "nucleic/rna3d/chains.parquet"
"""Where a folder of sources holds the table of strands."""

_MISSING: Final = -32768
_COLUMNS: Final = ("id", "chain", "mol", "sequence", "atoms", "coords", "cluster", "split")
_PLACES: Final = {"fifteen": tuple(range(ATOMS)), "three": BEADS}


@dataclass(frozen=True)
class StrandRecord:
    """One row of the table.

    Parameters
    ----------
    strand : NucleicAcid
        Its backbone lies about its centroid.
    cluster : int
    split : str
        "train", "valid" or "test".
    whole : bool
        Whether the row has fifteen atoms of a nucleotide, not three.
    """

    strand: NucleicAcid
    cluster: int
    split: str
    whole: bool


def table_of(sources: Path) -> Path:
    """Return a table of strands: the file itself, or the one that a folder of sources holds as `STRAND_TABLE`.

    Raises
    ------
    ConfigurationError
        There is no such file.
    """
    table = sources / STRAND_TABLE if is_folder(sources) else sources
    if not is_file(table):
        raise ConfigurationError(
            "no table of strands: name a Parquet file, or a folder that holds one", file=str(table)
        )
    return table


def read_strands(table: Path) -> Iterator[StrandRecord]:
    """Yield the strands of a table, in its order.

    Raises
    ------
    ParseError
        No Parquet file, a column that is missing, or a row that is broken, with its number from 1.
    """
    from pyarrow import ArrowException, parquet

    try:
        rows = parquet.read_table(table, columns=list(_COLUMNS)).to_pylist()
    except (ArrowException, OSError) as problem:
        raise ParseError(f"no table of strands: {problem}", file=str(table)) from problem
    if rows and len(rows[0]) != len(_COLUMNS):
        raise ParseError(f"a column is missing of {', '.join(_COLUMNS)}", file=str(table))
    for number, row in enumerate(rows, start=1):
        try:
            yield _record(row)
        except BioMatrixError as error:
            raise error.at(file=str(table), record=number) from error
        except (KeyError, TypeError, ValueError) as problem:
            raise ParseError(f"a broken row: {problem}", file=str(table), record=number) from problem


def _record(row: dict[str, Any]) -> StrandRecord:
    places = _PLACES[row["atoms"]]
    backbone = np.full((len(row["sequence"]), ATOMS, 3), np.nan, dtype=np.float32)
    backbone[:, places] = _coordinates(row["coords"]).reshape(-1, len(places), 3)
    kind = base_kind(row["mol"])
    letters = as_rna(row["sequence"]) if kind == "rna" else as_dna(row["sequence"])  # ribothymidine is a T in RNA
    strand = NucleicAcid(letters, kind, strands=1, backbone=backbone, chain=row["chain"] or "", name=row["id"])
    return StrandRecord(strand, int(row["cluster"]), str(row["split"]), row["atoms"] == "fifteen")


def _coordinates(flat: list[int]) -> NDArray[np.float64]:
    numbers = np.array(flat, dtype=np.int64)
    return np.where(numbers == _MISSING, np.nan, numbers / 100.0)
