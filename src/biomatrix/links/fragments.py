"""Fragments of single cells, counted over regions as they are read: a fragment counts where it overlaps."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.links.gene_places import chromosome_number
from biomatrix.links.overlaps import overlapping_pairs
from biomatrix.links.region_set import RegionSet
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_NAMES: Final = ("chrom", "start", "end", "cell")
_BLOCK: Final = 1 << 24
_ROWS: Final = 1 << 20


def fragments_over_regions(
    path: Path, regions: RegionSet, cells: NDArray[np.object_]
) -> tuple[csr_matrix, tuple[str, ...]]:
    """Return how many fragments of each cell overlap each region, ``float64 [C, R]``, and what was left out.

    A fragment that spans several regions counts in each. Overlap, not cut sites: a fragment over a region has both
    ends outside it and yet shows that it is open.

    Parameters
    ----------
    path : Path
        As 10x writes them (``fragments.tsv.gz``: chromosome, start, end, barcode), or Parquet with these columns.
    regions : RegionSet
    cells : ndarray, shape=(C,), dtype=object
        Barcodes.

    Raises
    ------
    ParseError
        A row is no fragment, or no fragment is of these cells.
    """
    from scipy.sparse import coo_matrix, csr_matrix

    found = csr_matrix((len(cells), len(regions)), dtype=np.float64)
    wanted = pa.array([str(one) for one in cells])
    progress = Progress("fragments", None, "fragments")
    known = total = 0
    for chromosome, start, end, barcode in _blocks(path):
        wrong = np.flatnonzero((start < 0) | (end <= start))
        if len(wrong):
            row = int(wrong[0])
            raise ParseError(
                f"a fragment ends at {end[row]}, not after its start {start[row]}",
                file=str(path),
                record=total + row + 1,
            )
        cell = pc.fill_null(pc.index_in(barcode, wanted), -1).to_numpy(zero_copy_only=False)
        mine = np.flatnonzero(cell >= 0)
        fragment, region = overlapping_pairs(
            chromosome[mine], start[mine], end[mine], regions.chromosome, regions.start, regions.end
        )
        ones = np.ones(len(fragment))
        found += coo_matrix((ones, (cell[mine][fragment], region)), shape=found.shape).tocsr()
        known, total = known + len(mine), total + len(cell)
        progress.advance(len(cell))
    if not known:
        raise ParseError(
            f"none of {total:,} fragments has a barcode of these cells, such as {cells[:1]}", file=str(path)
        )
    return found, (f"{known:,} of {total:,} fragments are of the cells given",)


def _blocks(path: Path) -> Iterator[tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.int64], Any]]:
    for batch in _parquet(path) if path.suffix == ".parquet" else _lines(path):
        try:
            chromosome, start, end, barcode = (
                batch.column(name).cast(pa.string() if name in ("chrom", "cell") else pa.int64()) for name in _NAMES
            )
        except (KeyError, pa.ArrowException) as error:
            raise ParseError(f"no table of {', '.join(_NAMES)}: {str(error)[:160]}", file=str(path)) from error
        if any(column.null_count for column in (chromosome, start, end, barcode)):
            raise ParseError("a fragment lacks a value; the file is cut or has empty columns", file=str(path))
        named = chromosome.dictionary_encode()
        numbers = np.array([chromosome_number(str(one)) for one in named.dictionary.to_pylist()], dtype=np.int16)
        codes = named.indices.to_numpy(zero_copy_only=False)
        yield numbers[codes], start.to_numpy(), end.to_numpy(), barcode


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        file = pq.ParquetFile(path)
        yield from file.iter_batches(_ROWS, columns=list(_NAMES))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ParseError(f"no Parquet table of {', '.join(_NAMES)}: {str(error)[:160]}", file=str(path)) from error


def _lines(path: Path) -> Iterator[pa.RecordBatch]:
    is_packed = path.suffix in (".gz", ".bgz")
    opened: Any = gzip.open if is_packed else open
    try:
        with opened(path, "rt", encoding="utf-8") as stream:
            head = 0
            for line in stream:
                if not line.startswith("#"):
                    break
                head += 1
            else:
                raise ParseError("no fragment in it", file=str(path))
        width = len(line.rstrip("\n").split("\t"))
        if width < len(_NAMES):
            raise ParseError(f"{width} columns where a fragment has four: {', '.join(_NAMES)}", file=str(path))
        names = [*_NAMES, *(f"more_{number}" for number in range(width - len(_NAMES)))]
        with pa.input_stream(str(path), compression="gzip" if is_packed else None) as packed:
            yield from csv.open_csv(
                packed,
                csv.ReadOptions(block_size=_BLOCK, skip_rows=head, column_names=names, use_threads=False),
                csv.ParseOptions(delimiter="\t", quote_char=False),
                csv.ConvertOptions(
                    column_types={"chrom": pa.string(), "start": pa.int64(), "end": pa.int64(), "cell": pa.string()},
                    include_columns=list(_NAMES),
                ),
            )
    except FileNotFoundError as error:
        raise ConfigurationError("no such file", file=str(path)) from error
    except (OSError, EOFError, UnicodeDecodeError, pa.ArrowException) as error:
        raise ParseError(f"no table of fragments: {str(error).splitlines()[0][:200]}", file=str(path)) from error
