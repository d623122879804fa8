"""Read a table of protein chains with cluster, split and source: the layout that fits and benchmarks start from.

A Parquet table with one chain a row. ``coords`` is a flat list of int16, hundredths of an Angstrom relative to
``centroid``, in the order residue, atom (N, CA, C, O), axis; -32768 marks a missing atom. ``cluster30`` groups chains
of 30% identity, ``split`` is by cluster, and ``benchmark`` names the official evaluation sets a chain belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities import Protein
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_MISSING = -32768
_ATOMS_A_RESIDUE = 4
EXAMPLE_IDS = ("1s3v_A",)
"""Chains the package shows as its examples: their clusters are never learned from, so that examples stay unseen."""

_COLUMNS = ("id", "chain", "sequence", "coords", "res_num", "source_repo", "cluster30", "split", "benchmark")


@dataclass(frozen=True)
class ChainRecord:
    """One row of the table.

    Parameters
    ----------
    protein : Protein
        Backbone relative to the chain's centroid.
    source : str
        The repository the coordinates were taken from.
    cluster : str
        Identity of the 30% cluster.
    split : str
        "train", "valid" or "test".
    benchmark : str
        Evaluation sets the chain belongs to, empty for none.
    """

    protein: Protein
    source: str
    cluster: str
    split: str
    benchmark: str


def read_chains(path: str | Path, *, batch_rows: int = 512) -> Iterator[ChainRecord]:
    """Iterate over the chains of a table.

    Parameters
    ----------
    path : path
        The Parquet file.
    batch_rows : int
        Rows held in memory at once.

    Yields
    ------
    ChainRecord

    Raises
    ------
    ParseError
        The file is not such a table, or a row's coordinates do not fit its sequence.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(path)
        batches = table.iter_batches(batch_size=batch_rows, columns=list(_COLUMNS))
        for batch in batches:
            columns = [batch.column(name) for name in _COLUMNS]
            for row in zip(*columns, strict=True):
                yield _record(path, *row)
    except (ArrowException, OSError, KeyError) as problem:
        raise ParseError(f"not a table of chains: {problem}", file=str(path)) from problem


def training_chains(
    records: Collection[ChainRecord], *, sources: Collection[str] | None = None
) -> list[ChainRecord]:
    """Chains that may be learned from: train split, no cluster of an evaluation set or an example, and only the named sources.

    Parameters
    ----------
    records : collection of ChainRecord
        The whole table: clusters are held out wherever one member is in an evaluation set.
    sources : collection of str, optional
        Repositories to take; all when not given.

    Returns
    -------
    list of ChainRecord
        In the order of the table.
    """
    held_out = {
        record.cluster
        for record in records
        if record.benchmark or record.split != "train" or record.protein.name in EXAMPLE_IDS
    }
    return [
        record
        for record in records
        if record.cluster not in held_out and (sources is None or record.source in sources)
    ]


def _record(
    path: str | Path,
    name: object,
    chain: object,
    sequence: object,
    coords: object,
    numbers: object,
    source: object,
    cluster: object,
    split: object,
    benchmark: object,
) -> ChainRecord:
    """Build one record from the scalars of one row."""
    letters = str(sequence)
    flat = np.asarray(coords.values if hasattr(coords, "values") else coords)
    if flat.size != len(letters) * _ATOMS_A_RESIDUE * 3:
        raise ParseError(
            f"{flat.size} coordinates for {len(letters)} residues of {_ATOMS_A_RESIDUE} atoms",
            file=str(path),
            record=str(name),
        )
    residue_numbers = np.asarray(numbers.values if hasattr(numbers, "values") else numbers, dtype=np.int32)
    protein = Protein(
        sequence=letters,
        backbone=_backbone(flat.reshape(len(letters), _ATOMS_A_RESIDUE, 3)),
        name=str(name),
        chain=str(chain),
        residue_numbers=residue_numbers if len(residue_numbers) == len(letters) else None,
    )
    return ChainRecord(protein, str(source), str(cluster), str(split), _text(benchmark))


def _backbone(stored: NDArray[np.int16]) -> NDArray[np.float32]:
    """Angstrom from stored hundredths: int16 [L, 4, 3] to float32 [L, 3, 3] of (N, CA, C)."""
    kept = stored[:, :3]
    return np.where(kept == _MISSING, np.float32(np.nan), kept.astype(np.float32) / np.float32(100.0))


def _text(value: object) -> str:
    """The text of a nullable scalar, "" for null."""
    plain = value.as_py() if hasattr(value, "as_py") else value
    return "" if plain is None else str(plain)
