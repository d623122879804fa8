"""Read a table of protein chains with cluster, split and source: the layout that fits and benchmarks start from.

A Parquet table with one chain a row. ``coords`` is a flat list of int16, hundredths of an Angstrom relative to
``centroid``, in the order residue, atom (N, CA, C, O), axis; -32768 marks a missing atom. ``cluster30`` groups chains
of 30% identity, ``split`` is by cluster, and ``benchmark`` names the official evaluation sets a chain belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.entities import Protein
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

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
    cluster : int
        Number of the 30% identity cluster.
    split : str
        "train", "valid" or "test".
    benchmark : tuple of str
        Evaluation sets the chain belongs to, empty for none.
    """

    protein: Protein
    source: str
    cluster: int
    split: str
    benchmark: tuple[str, ...]


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
            for row in zip(*(batch.column(name) for name in _COLUMNS), strict=True):
                yield _record(path, *row)
    except (ArrowException, OSError, KeyError) as problem:
        raise ParseError(f"not a table of chains: {problem}", file=str(path)) from problem


def training_chains(records: Collection[ChainRecord], *, sources: Collection[str] | None = None) -> list[ChainRecord]:
    """Chains that may be learned from: train split, no cluster of an evaluation set or an example, named sources only.

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
        record for record in records if record.cluster not in held_out and (sources is None or record.source in sources)
    ]


def _record(path: str | Path, *row: Any) -> ChainRecord:
    """Build one record from the Arrow scalars of one row, in the order of the columns."""
    name, chain, sequence, source, cluster, split, benchmark = (row[index].as_py() for index in (0, 1, 2, 5, 6, 7, 8))
    flat = row[3].values.to_numpy(zero_copy_only=False)
    numbers = row[4].values.to_numpy(zero_copy_only=False)
    if flat.size != len(sequence) * _ATOMS_A_RESIDUE * 3:
        raise ParseError(
            f"{flat.size} coordinates for {len(sequence)} residues of {_ATOMS_A_RESIDUE} atoms",
            file=str(path),
            record=name,
        )
    protein = Protein(
        sequence=sequence,
        backbone=_decode_backbone(flat, len(sequence)),
        name=name,
        chain=chain or "",
        residue_numbers=numbers.astype(np.int32) if len(numbers) == len(sequence) else None,
    )
    return ChainRecord(protein, source, int(cluster), split, tuple(benchmark or ()))


def _decode_backbone(stored: ArrayLike, num_residues: int) -> NDArray[np.float32]:
    """Return the backbone of a stored chain.

    Parameters
    ----------
    stored : array of int, shape=(num_residues * 4 * 3,)
        Hundredths of an Angstrom, order residue, atom (N, CA, C, O), axis; -32768 marks a missing atom.
    num_residues : int
        L.

    Returns
    -------
    ndarray, shape=(L, 3, 3), dtype=float32
        N, CA, C in Angstrom, relative to the chain's centroid; NaN where an atom is missing.
    """
    kept = np.asarray(stored).reshape(num_residues, _ATOMS_A_RESIDUE, 3)[:, :3]
    return np.where(kept == _MISSING, np.float32(np.nan), kept.astype(np.float32) / np.float32(100.0))
