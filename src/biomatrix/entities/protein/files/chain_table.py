"""Read a table of protein chains with cluster, split and source: the layout that tokenizer fits and benchmarks read.

A Parquet table with one chain per row. ``coords`` is a flat list of int16, hundredths of an Angstrom relative to
``centroid``, in the order residue, atom (N, CA, C, O), axis; -32768 marks a missing atom. ``cluster30`` groups chains
of 30% identity, ``split`` is by cluster, and ``benchmark`` names the official evaluation sets a chain belongs to.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.files.paths import is_file, is_folder
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray
    from pyarrow import DataType, Schema
    from pyarrow.parquet import FileMetaData

logger = logging.getLogger(__name__)

CHAIN_TABLE = "protein/structures/chains.parquet"
"""Where a folder of sources holds the table of chains."""

_MISSING = -32768
_ATOMS_PER_RESIDUE = 4
EXAMPLE_IDS = ("1s3v_A",)
"""Chains the package shows as its examples: their clusters are never learned from, so that examples stay unseen."""

_COLUMNS: Final = {
    "id": "text",
    "chain": "text",
    "sequence": "text",
    "coords": "lists of whole numbers",
    "res_num": "lists of whole numbers",
    "source_repo": "text",
    "cluster30": "whole numbers",
    "split": "text",
    "benchmark": "lists of text",
}


def table_of(sources: Path) -> Path:
    """Return a table of chains: the file itself, or the one that a folder of sources holds as `CHAIN_TABLE`.

    Raises
    ------
    ConfigurationError
        There is no such file.
    """
    table = sources / CHAIN_TABLE if is_folder(sources) else sources
    if not is_file(table):
        raise ConfigurationError("no table of chains: name a Parquet file, or a folder that holds one", file=str(table))
    return table


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
    """Iterate over the chains of a table; a broken row is named in a warning and left out.

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
        The file is not such a table.
    """
    for record in chain_rows(path, batch_rows=batch_rows):
        if isinstance(record, Reject):
            logger.warning("left out %s", record)
        else:
            yield record


def chain_rows(path: str | Path, *, batch_rows: int = 512, first: int = 0) -> Iterator[ChainRecord | Reject]:
    """Iterate over the rows of a table, a broken one as a `Reject` with its reason; else as `read_chains`.

    Rows before number ``first``, counted from 0, are passed over: their row groups are not read.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(path)
        _require_columns(table.schema_arrow, str(path))
        groups, number = _groups_from(table.metadata, first)
        batches = table.iter_batches(batch_size=batch_rows, columns=list(_COLUMNS), row_groups=groups)
        for batch in batches:
            batch.validate(full=True)
            skip = min(max(first - number, 0), batch.num_rows)
            number += skip
            for row in zip(*(batch.column(name).slice(skip) for name in _COLUMNS), strict=True):
                number += 1
                try:
                    yield _record(*row)
                except BioMatrixError as error:
                    yield Reject.from_error(error, str(path), row[0].as_py() or number)
    except (ArrowException, OSError) as problem:
        raise ParseError(f"not a table of chains: {problem}", file=str(path)) from problem


def _groups_from(metadata: FileMetaData, first: int) -> tuple[list[int], int]:
    """Return the row groups from the one that holds row ``first`` on, and the number of their first row."""
    begin = 0
    for group in range(metadata.num_row_groups):
        end = begin + metadata.row_group(group).num_rows
        if first < end:
            return list(range(group, metadata.num_row_groups)), begin
        begin = end
    return [], begin


def training_chains(records: Collection[ChainRecord], *, sources: Collection[str] | None = None) -> list[ChainRecord]:
    """Return chains that may be learned from: train split, named sources, no cluster of an evaluation set or example.

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


def _record(*row: Any) -> ChainRecord:
    """Build one record from the Arrow scalars of one row, in the order of the columns."""
    name, chain, sequence, source, cluster, split, benchmark = (row[index].as_py() for index in (0, 1, 2, 5, 6, 7, 8))
    for column, value in (("id", name), ("sequence", sequence), ("cluster30", cluster), ("split", split)):
        if value is None:
            raise ParseError(f"no value in the column {column}")
    flat, numbers = _numbers(row[3]), _numbers(row[4])
    if flat.size != len(sequence) * _ATOMS_PER_RESIDUE * 3:
        raise ParseError(f"{flat.size} coordinates for {len(sequence)} residues of {_ATOMS_PER_RESIDUE} atoms")
    protein = Protein(
        sequence=sequence,
        backbone=_decode_backbone(flat, len(sequence)),
        name=name,
        chain=chain or "",
        residue_numbers=numbers.astype(np.int32) if len(numbers) == len(sequence) else None,
    )
    return ChainRecord(protein, source or "", int(cluster), split, tuple(benchmark or ()))


def _numbers(cell: Any) -> NDArray[np.integer[Any]]:
    """Whole numbers of a list cell; empty where the cell is.

    Raises
    ------
    ParseError
        One of them is missing.
    """
    if cell.values is None:
        return np.empty(0, dtype=np.int32)
    if cell.values.null_count:
        raise ParseError("a list of numbers lacks one")
    return np.asarray(cell.values.to_numpy(zero_copy_only=False))


def _require_columns(schema: Schema, file: str) -> None:
    """Refuse a table without the columns of chains, or with others under their names."""
    for name, kind in _COLUMNS.items():
        if name not in schema.names:
            raise ParseError(f"not a table of chains: no column {name}", file=file)
        stored_kind = _kind_of(schema.field(name).type)
        if stored_kind != kind:
            raise ParseError(f"not a table of chains: the column {name} holds {stored_kind}, not {kind}", file=file)


def _kind_of(stored: DataType) -> str:
    from pyarrow import types

    if types.is_list(stored) or types.is_large_list(stored):
        return f"lists of {_kind_of(stored.value_type)}"
    if types.is_string(stored) or types.is_large_string(stored):
        return "text"
    return "whole numbers" if types.is_integer(stored) else str(stored)


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
    kept = np.asarray(stored).reshape(num_residues, _ATOMS_PER_RESIDUE, 3)[:, :3]
    return np.where(kept == _MISSING, np.float32(np.nan), kept.astype(np.float32) / np.float32(100.0))
