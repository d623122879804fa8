"""Which id a network reads for a gene, and how a cell becomes a ranked list of ids.

Legend: V genes that have an id and a median, n positions of a cell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.genes.table import geneformer_v1
from biomatrix.entities.cell.modalities.gene_tokens import GeneTokens
from biomatrix.entities.cell.modalities.ranked_sets import linear
from biomatrix.entities.cell.modalities.ranking import by_scaled_value
from biomatrix.entities.files.writing import named_refusals, write_atomically
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError
from biomatrix.soft.encoders.cells.cell_network import WrittenCell

if TYPE_CHECKING:
    from biomatrix.entities.cell.entity import Cell
    from biomatrix.entities.cell.modalities.expression import CellExpression

PAD, MASK, CLS, EOS = SPECIAL = ("<pad>", "<mask>", "<cls>", "<eos>")
MOST_ROWS: Final = 1_000_000


class CellVocabulary(Protocol):
    """What writes a cell as ids."""

    @property
    def pad(self) -> int:
        """The id of padding."""

    @property
    def size(self) -> int:
        """The largest id plus one, special tokens included."""

    def write(self, cell: Cell, length: int) -> WrittenCell:
        """Return the first positions of a cell, ``length`` at most, special tokens included."""

    def settings(self) -> Mapping[str, Any]:
        """Return what decides the ids, as JSON."""


@dataclass(frozen=True, eq=False)
class GeneDictionary:
    """The ids of genes, and the medians that a cell's counts are divided by before they are ranked.

    Parameters
    ----------
    genes : ndarray, shape=(V,), dtype=object
        Ensembl ids without version, ascending, each once.
    ids : ndarray, shape=(V,), dtype=int64
    medians : ndarray, shape=(V,), dtype=float64
        The non-zero median of each gene over the corpus of the network, above 0.
    special : mapping of str to int
        The ids of ``<pad>``, and perhaps of ``<mask>``, ``<cls>``, ``<eos>``; where there are ``<cls>`` and ``<eos>``,
        they stand before and behind the genes of every cell.
    size : int
        The largest id plus one, genes without a median included.

    Raises
    ------
    ConfigurationError
        Ids or genes stand twice, a median is not above 0, or ``<pad>`` is missing.
    """

    genes: NDArray[np.object_]
    ids: NDArray[np.int64]
    medians: NDArray[np.float64]
    special: Mapping[str, int]
    size: int

    def __post_init__(self) -> None:
        every = [*self.ids.tolist(), *self.special.values()]
        if PAD not in self.special or (CLS in self.special) != (EOS in self.special):
            raise ConfigurationError(f"a dictionary of genes has {PAD}, and {CLS} and {EOS} together or not at all")
        if len(set(every)) < len(every) or min(every) < 0 or max(every) >= self.size:
            raise ConfigurationError("the ids of a dictionary of genes are whole numbers from 0 on, each given once")
        if not len(self.genes) or len(set(self.genes)) < len(self.genes):
            raise ConfigurationError("a dictionary of genes holds at least one gene, and each once")
        wrong = np.flatnonzero(~(np.isfinite(self.medians) & (self.medians > 0)))
        if len(wrong):
            raise ConfigurationError(f"the median of {self.genes[wrong[0]]} is not above 0")

    @classmethod
    def geneformer_v1(cls) -> GeneDictionary:
        """Return the dictionary of Geneformer V1, which ships with the package."""
        known = geneformer_v1()
        return cls.of(known.ensembl_id, known.token, known.median, {PAD: 0, MASK: 1})

    @classmethod
    def of(
        cls,
        genes: NDArray[np.object_],
        ids: NDArray[np.int64],
        medians: NDArray[np.float64],
        special: Mapping[str, int],
    ) -> GeneDictionary:
        """Return a dictionary of genes in any order; those whose median is NaN have an id that no cell shows."""
        size = int(max([*ids.tolist(), *special.values()], default=0)) + 1
        order = np.argsort(genes.astype(str), kind="stable")
        order = order[~np.isnan(medians[order])]
        return cls(genes[order], ids[order].astype(np.int64), medians[order].astype(np.float64), special, size)

    @classmethod
    def read(cls, path: str | Path) -> GeneDictionary:
        """Read a Parquet file with the columns token (an Ensembl id, or ``<pad>`` and its like), id and median.

        Raises
        ------
        ConfigurationError
            It is no such file.
        """
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        path = Path(path)
        try:
            with ParquetFile(path) as file:
                if file.metadata.num_rows > MOST_ROWS:
                    rows = f"{file.metadata.num_rows:,}"
                    raise ConfigurationError(f"{rows} rows are no dictionary of genes; the limit is {MOST_ROWS:,}")
                table = file.read(columns=["token", "id", "median"])
            tokens = np.array(table.column("token").to_pylist(), dtype=object)
            ids = np.array(table.column("id").to_pylist(), dtype=np.int64)
            medians = np.array(table.column("median").to_pylist(), dtype=np.float64)
            special = np.isin(tokens, SPECIAL)
            named = dict(zip(tokens[special].tolist(), ids[special].tolist(), strict=True))
            return cls.of(tokens[~special], ids[~special], medians[~special], named)
        except ConfigurationError as error:
            raise error.at(file=str(path)) from None
        except (OSError, ArrowException, KeyError, TypeError, ValueError, OverflowError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ConfigurationError(
                f"no dictionary of genes (Parquet with token, id, median): {reason}", file=str(path)
            ) from error

    def save(self, path: str | Path) -> None:
        """Write it as the Parquet file that :meth:`read` reads."""
        import pyarrow
        from pyarrow.parquet import write_table

        names = [*self.special, *self.genes.tolist()]
        ids = [*self.special.values(), *self.ids.tolist()]
        medians = [*(None for _ in self.special), *self.medians.tolist()]
        if self.size - 1 not in ids:  # the largest id is of a gene without a median, which says how large the table is
            names, ids, medians = [*names, ""], [*ids, self.size - 1], [*medians, None]
        table = pyarrow.table({"token": names, "id": pyarrow.array(ids, pyarrow.int64()), "median": medians})
        with named_refusals(path), write_atomically(path) as stream:
            write_table(table, stream)

    @cached_property
    def tokens(self) -> GeneTokens:
        """The genes by code, which is their place here."""
        return GeneTokens(self.genes, 1.0 / self.medians)

    @property
    def pad(self) -> int:
        """The id of padding."""
        return self.special[PAD]

    def write(self, cell: Cell, length: int) -> WrittenCell:
        """Return a cell's genes by median-scaled value, descending, framed where the dictionary says so.

        Raises
        ------
        UnsupportedError
            No gene of the cell is in the dictionary, or its values say nothing about counts.
        """
        codes = self.tokens.of(cell.genes)
        known = codes >= 0
        if not known.any():
            raise UnsupportedError(nothing_known(len(cell)))
        codes = codes[known]
        scaled = linear(cell.values[known], cell.scale, ranks=True)
        if cell.scale != "rank":
            scaled *= self.tokens.inverse_medians[codes]
        framed = CLS in self.special
        places = by_scaled_value(scaled, lambda: codes, length - 2 * framed)
        return WrittenCell.of_ids(self.ids[codes[places]], (self.special[CLS], self.special[EOS]) if framed else None)

    def settings(self) -> Mapping[str, Any]:
        """Return what decides the ids, as JSON: a hash of all of it."""
        digest = hashlib.sha256("\n".join(self.genes).encode())
        for numbers in (self.ids, self.medians):
            digest.update(np.ascontiguousarray(numbers).data)
        return {"genes": digest.hexdigest(), "special": dict(self.special), "size": self.size}


class CellTokens:
    """The package's own tokens of expression as ids: four special ones, then every token by its code.

    Parameters
    ----------
    modality : CellExpression
        In any layout; its settings say which tokens there are.
    """

    pad: Final = 0
    first: Final = len(SPECIAL)

    def __init__(self, modality: CellExpression) -> None:
        self.modality = modality

    @classmethod
    def declared(cls, settings: Any, path: Path) -> CellTokens:
        """Return the tokens that :meth:`settings` describe, as a file holds them; WeightsError where they differ."""
        from biomatrix.entities.cell.modalities.expression import CellExpression

        try:
            made = cls(CellExpression(**settings[CellExpression.name]))
            same = dict(made.settings()) == settings
        except (TypeError, KeyError, ConfigurationError) as error:
            raise WeightsError(f"declares no {CellExpression.name}: {error}", file=str(path)) from error
        if not same:
            raise WeightsError(
                "was made with other tokens of cells than this version of the package has; install the version that "
                "made it",
                file=str(path),
            )
        return made

    @property
    def size(self) -> int:
        """The largest id plus one."""
        return self.first + len(self.modality.texts)

    @cached_property
    def _codes(self) -> Mapping[str, int]:
        return {token: code for code, token in enumerate(self.modality.texts)}

    def write(self, cell: Cell, length: int) -> WrittenCell:
        """Return the tokens that the modality writes, ``<cls>`` before and ``<eos>`` behind them.

        Raises
        ------
        UnsupportedError
            No gene of the cell has a token, or its values say nothing about counts.
        """
        tokens = self.modality.encode(cell)[: length - 2]
        ids = np.array([self._codes[token] for token in tokens], dtype=np.int64) + self.first
        return WrittenCell.of_ids(ids, (SPECIAL.index(CLS), SPECIAL.index(EOS)))

    def settings(self) -> Mapping[str, Any]:
        """Return what decides the ids, as JSON: the modality's settings, and a hash of its tokens."""
        digest = hashlib.sha256("\n".join(self.modality.texts).encode()).hexdigest()
        return {self.modality.name: dict(self.modality.settings()), "tokens": digest}


def nothing_known(genes: int) -> str:
    """Return the refusal of a cell none of whose genes a network reads."""
    if not genes:
        return "no gene was detected in this cell, so that there is nothing to encode"
    return f"none of the {genes:,} genes of this cell is one that the encoder reads"
