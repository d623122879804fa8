"""The human genes that ship with the package, and what published models know of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from pyarrow import Table

GENES: Final = "genes.parquet"
ALIASES: Final = "aliases.parquet"
GENEFORMER: Final = "geneformer_v1.parquet"
TOKEN_BIOTYPES: Final[tuple[str, ...]] = ("protein_coding", "lncRNA")
"""The biotypes whose genes have a token each."""
ASSEMBLY: Final = "hg38"
"""Where the coordinates of the table lie."""

_HERE: Final = Path(__file__).parent
_ID_WIDTH: Final = 11


@dataclass(frozen=True, eq=False)
class GeneTable:
    """Human genes in genomic order, one row each.

    Legend: N genes.

    Parameters
    ----------
    ensembl_id : ndarray, shape=(N,), dtype=object
        Without version, each once.
    symbol : ndarray, shape=(N,), dtype=object
        The current symbol; the Ensembl id itself where a gene has none. A few symbols stand for two genes.
    biotype : ndarray, shape=(N,), dtype=object
        As GENCODE says it: ``protein_coding``, ``lncRNA``, ``miRNA``, ...
    chromosome : ndarray, shape=(N,), dtype=object
        ``chr1`` to ``chr22``, ``chrX``, ``chrY``, ``chrM``, or the name of a scaffold.
    start, end : ndarray, shape=(N,), dtype=int64
        Of the gene on hg38; 0-based, half open.
    strand : ndarray, shape=(N,), dtype=int8
        1 or -1.
    length : ndarray, shape=(N,), dtype=int64
        Bases of its merged exons.
    geneformer_v1_median : ndarray, shape=(N,), dtype=float64
        The non-zero median over Geneformer V1's corpus; NaN where it knows none.
    """

    ensembl_id: NDArray[np.object_]
    symbol: NDArray[np.object_]
    biotype: NDArray[np.object_]
    chromosome: NDArray[np.object_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strand: NDArray[np.int8]
    length: NDArray[np.int64]
    geneformer_v1_median: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ensembl_id)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each Ensembl id."""
        return {gene: row for row, gene in enumerate(self.ensembl_id)}

    @cached_property
    def rows_of_symbol(self) -> Mapping[str, tuple[int, ...]]:
        """The rows of each symbol, the one that the symbol stands for first; see :meth:`preferred`."""
        found: dict[str, list[int]] = {}
        for row, symbol in enumerate(self.symbol):
            found.setdefault(symbol, []).append(row)
        return {
            symbol: tuple(sorted(rows, key=self.preferred)) if len(rows) > 1 else (rows[0],)
            for symbol, rows in found.items()
        }

    @cached_property
    def has_token(self) -> NDArray[np.bool_]:
        """Whether each gene is one of those that tokens are made of, ``bool [N]``: protein-coding and lncRNA."""
        return np.isin(self.biotype.astype(str), TOKEN_BIOTYPES)

    @cached_property
    def transcription_start(self) -> NDArray[np.int64]:
        """The first base of each gene in the direction of its strand, 0-based, ``int64 [N]``."""
        return np.where(self.strand > 0, self.start, self.end - 1)

    def preferred(self, row: int) -> tuple[int, bool, bool, str]:
        """Return what orders the genes of one symbol, the least first.

        Protein-coding before lncRNA before the rest; the chromosomes before scaffolds and before the copy on chrY of
        what pairs with chrX; those of Geneformer's corpus before newer ones; the lowest Ensembl id.
        """
        biotype, chromosome = self.biotype[row], self.chromosome[row]
        return (
            TOKEN_BIOTYPES.index(biotype) if biotype in TOKEN_BIOTYPES else len(TOKEN_BIOTYPES),
            chromosome == "chrY" or not chromosome.startswith("chr"),
            bool(np.isnan(self.geneformer_v1_median[row])),
            self.ensembl_id[row],
        )


@dataclass(frozen=True, eq=False)
class GeneformerV1:
    """The vocabulary of Geneformer V1 and its medians, retired genes too.

    Legend: V tokens that are genes.

    Parameters
    ----------
    ensembl_id : ndarray, shape=(V,), dtype=object
        In ascending order, the copies on chrY (``ENSGR...``) last.
    token : ndarray, shape=(V,), dtype=int64
        The id in its vocabulary, where 0 is the padding and 1 the mask.
    median : ndarray, shape=(V,), dtype=float64
        The non-zero median over its corpus, after scaling to counts per 10,000.
    """

    ensembl_id: NDArray[np.object_]
    token: NDArray[np.int64]
    median: NDArray[np.float64]

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each Ensembl id."""
        return {gene: row for row, gene in enumerate(self.ensembl_id)}


@cache
def gene_table() -> GeneTable:
    """Return the human genes that ship with the package; read at the first call."""
    table, known = read_table(GENES), geneformer_v1()
    ids = ensembl_ids(numbers(table, "gene", np.int64))
    symbols = texts(table, "symbol")
    median = np.full(len(ids), np.nan)
    rows = [(row, known.rows[gene]) for row, gene in enumerate(ids) if gene in known.rows]
    median[[row for row, _ in rows]] = known.median[[other for _, other in rows]]
    return GeneTable(
        ids,
        np.where(symbols == "", ids, symbols),
        texts(table, "biotype"),
        texts(table, "chromosome"),
        numbers(table, "start", np.int64),
        numbers(table, "end", np.int64),
        numbers(table, "strand", np.int8),
        numbers(table, "length", np.int64),
        median,
    )


@cache
def geneformer_v1() -> GeneformerV1:
    """Return Geneformer V1's vocabulary with its medians; read at the first call."""
    table = read_table(GENEFORMER)
    return GeneformerV1(texts(table, "gene"), numbers(table, "token", np.int64), numbers(table, "median", np.float64))


def read_table(name: str) -> Table:
    """Return one of the tables beside this module; ConfigurationError where the installation lacks it.

    No thread is started, so that a process that has read it may still fork.
    """
    from pyarrow import BufferReader
    from pyarrow.parquet import ParquetFile

    path = _HERE / name
    if not path.is_file():
        raise ConfigurationError(f"the table {name} of genes is missing; install biomatrix again", file=str(path))
    return ParquetFile(BufferReader(path.read_bytes()), pre_buffer=False).read(use_threads=False)


def texts(table: Table, column: str) -> NDArray[np.object_]:
    """Return a column of strings, ``object [N]``."""
    made: NDArray[np.object_] = np.array(table.column(column).to_pylist(), dtype=object)
    return made


def numbers(table: Table, column: str, dtype: Any) -> NDArray[Any]:
    """Return a column of numbers."""
    return np.asarray(table.column(column).to_numpy(), dtype=dtype)


def ensembl_ids(genes: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the Ensembl ids of human genes that are kept as numbers, ``object [N]``.

    Examples
    --------
    >>> ensembl_ids(np.array([167286])).tolist()
    ['ENSG00000167286']
    """
    return np.array([f"ENSG{number:0{_ID_WIDTH}d}" for number in genes.tolist()], dtype=object)
