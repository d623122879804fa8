"""What a cell expresses as tokens: genes in descending order, perhaps with levels.

Legend: n genes of a cell, C cells, G columns of a matrix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from biomatrix.entities.base_modality import Modality
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.modalities.expression_grammar import LAYOUTS, Layout, expression_grammar
from biomatrix.entities.cell.modalities.expression_layout import NOTHING, laid_out, laid_out_alone
from biomatrix.entities.cell.modalities.expression_reading import TOKEN, read_tokens, refuse_faults
from biomatrix.entities.cell.modalities.gene_tokens import GeneTokens, gene_tokens, geneformer_tokens
from biomatrix.entities.cell.modalities.levels import Depths, Levels
from biomatrix.entities.cell.modalities.ranked_sets import linear, ranked_columns, scaled_parts, totals_of
from biomatrix.entities.cell.modalities.ranking import by_level, by_scaled_value
from biomatrix.entities.check import Check
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.cell.cell_set import CellSet
    from biomatrix.entities.grammar import Grammar

GENEFORMER_V1: Final = "geneformer_v1"
GENEFORMER_V1_LENGTH: Final = 2048
RANK_CURVE: Final = (4.6, -0.78)
"""The logarithm of the median-scaled value at rank r is the first plus the second times the logarithm of r: fitted to
training rows of deep and shallow cells, whose slopes are -0.77 to -0.82."""


class CellExpression(Modality):
    """Genes of a cell, the most expressed first, with or without levels.

    Parameters
    ----------
    layout : {"runs", "genes", "pairs"}
        ``genes``: genes by median-scaled value, the rank being the value. ``pairs``: each gene with its level behind
        it. ``runs``: each level with its genes behind it. In both of these genes stand by level, then by median-scaled
        value.
    k : int
        The most genes that are written, 1 to 2,048 or more.
    depth : bool
        Whether the read depth stands first, where a cell tells it.
    levels : int
        The number of levels, 2 to 32.
    low, high : float
        Where the first level begins and the last one ends, in log1p of counts per 10,000.
    genes : sequence of str, optional
        The Ensembl ids that have a token; every protein-coding and lncRNA gene of the table where not given.
    """

    name: ClassVar[str] = "cell_expression"
    kind: ClassVar[str] = "cell"
    start_token: ClassVar[str] = "<|cell_expr_start|>"
    end_token: ClassVar[str] = "<|cell_expr_end|>"
    start_description: ClassVar[str] = "Begins the genes that a cell expresses"
    end_description: ClassVar[str] = "Ends the genes that a cell expresses"
    token_pattern: ClassVar[re.Pattern[str]] = TOKEN
    file_format: ClassVar[str] = "h5ad"
    counts: ClassVar[str | None] = "gene"
    cannot_carry: ClassVar[tuple[str, ...]] = (
        "genes past the first k",
        "counts within a level, or behind a rank",
        "genes that have no token",
        "batch and other annotations",
        "open chromatin",
    )

    def __init__(
        self,
        layout: Layout = "runs",
        k: int = 512,
        *,
        depth: bool = True,
        levels: int = 16,
        low: float = 0.1,
        high: float = 5.4,
        genes: Sequence[str] | None = None,
    ) -> None:
        if layout not in LAYOUTS:
            raise ConfigurationError(f"a layout of {self.name} is one of {', '.join(LAYOUTS)}, not {layout!r}")
        if k < 1:
            raise ConfigurationError(f"{self.name} writes at least 1 gene, not {k}")
        self.layout, self.k, self.depth = layout, k, depth
        self.levels = Levels(levels, low, high)
        self.depths = Depths()
        self._chosen = None if genes is None else tuple(genes)

    def settings(self) -> Mapping[str, Any]:
        levels = self.levels
        told: dict[str, Any] = {"layout": self.layout, "k": self.k, "depth": self.depth}
        told |= {"levels": levels.count, "low": levels.low, "high": levels.high}
        return told if self._chosen is None else {**told, "genes": list(self._chosen)}

    @cached_property
    def genes(self) -> GeneTokens:
        """The genes that have a token."""
        return gene_tokens(self._chosen)

    @cached_property
    def texts(self) -> NDArray[np.object_]:
        """Every token by its code: genes, then levels, then read depths; what :meth:`encode_set` gives codes of."""
        levels = [f"<X {level}>" for level in range(self.levels.count)]
        depths = [f"<D {level}>" for level in range(self.depths.count)]
        return np.concatenate([self.genes.tokens, np.array(levels + depths, dtype=object)])

    def vocabulary(self) -> Mapping[str, str]:
        told = self.genes.described()
        if self.layout != "genes":
            centres = np.expm1(self.levels.centres)
            told |= {
                f"<X {level}>": f"expression level {level + 1} of {len(centres)}, about {centre:.2g} counts per 10,000"
                for level, centre in enumerate(centres.tolist())
            }
        if self.depth:
            told |= {
                f"<D {level}>": f"read depth of a cell, about {self.depths.centre(level):.2g} counts"
                for level in range(self.depths.count)
            }
        return told

    # Writing

    def encode(self, entity: Entity, style: str | None = None) -> list[str]:
        """Return the cell's tokens, without the control pair.

        Parameters
        ----------
        entity : Cell
        style : {"geneformer_v1"}, optional
            What Geneformer V1 would read, gene by gene: its genes, its medians, 2,048 at most, whatever the settings.

        Raises
        ------
        UnsupportedError
            No gene of the cell has a token, or its values say nothing about counts.
        """
        if not isinstance(entity, Cell):
            raise UnsupportedError(f"{self.name} cannot write this {getattr(entity, 'kind', type(entity).__name__)}")
        if style not in (None, GENEFORMER_V1):
            raise ConfigurationError(f"a style of {self.name} is {GENEFORMER_V1}, not {style!r}")
        entity = entity.checked()
        genes = self.genes if style is None else geneformer_tokens()
        codes = genes.of(entity.genes)
        has_token = codes >= 0
        if not has_token.any():
            if not len(entity):
                raise UnsupportedError("no gene was detected in this cell, so that there is nothing to write")
            raise UnsupportedError(f"none of the {len(entity):,} genes of this cell has a token")
        codes, values = codes[has_token], entity.values[has_token]
        alone = style is not None or self.layout == "genes"
        scaled = linear(values, entity.scale, ranks=alone)
        if entity.scale != "rank":
            scaled *= genes.inverse_medians[codes]
        if style is not None:
            return list(genes.tokens[codes[by_scaled_value(scaled, lambda: codes, GENEFORMER_V1_LENGTH)]])
        total, marks = entity.total_counts, None
        if alone:
            places = by_scaled_value(scaled, lambda: codes, self.k)
        else:
            edges = self.levels.edges_of(entity.scale, total)
            places, levels = by_level(values, scaled, lambda: codes, self.k, edges)
            marks = (levels + len(self.genes)).astype(np.int32)
        (depth,) = self._depths(np.array([np.nan if total is None else total]))
        return list(self.texts[laid_out(codes[places].astype(np.int32), marks, self.layout, depth)])

    def encode_set(self, cells: CellSet, ids: NDArray[np.integer] | None = None) -> list[NDArray[np.int32]]:
        """Return the tokens of every cell of a set at once, as :meth:`encode` writes them one by one.

        Cells need their totals, or a matrix of all genes, for levels and the read depth.

        Parameters
        ----------
        cells : CellSet
            A cell without a gene that has a token gives an array of none.
        ids : ndarray, shape=(len(texts),), dtype=integer, optional
            The id of each of :attr:`texts`, as ``vocabulary.table("cell_expression", texts).ids`` has them; where not
            given, the codes themselves are returned.

        Returns
        -------
        list of ndarray, shape=(n,), dtype=int32
            One a cell, in order, without the control pair.

        Raises
        ------
        ParseError
            Two columns are one gene.
        UnsupportedError
            The values say nothing about counts.
        """
        columns = self.genes.of(cells.genes)
        counts = np.bincount(columns[columns >= 0], minlength=1)
        if counts.max() > 1:
            raise ParseError(f"{self.genes.ids[counts.argmax()]} stands in {counts.max()} columns; add them up first")
        scales = np.ones(len(columns)) if cells.scale == "rank" else self.genes.inverse_medians[columns]
        inverse = np.where(columns >= 0, scales, 0.0)
        totals = totals_of(cells)
        depths = self._depths(np.full(len(cells), np.nan) if totals is None else totals)
        codes = np.arange(len(self.texts), dtype=np.int32) if ids is None else ids.astype(np.int32)
        of_column = codes[columns]
        missing = np.flatnonzero((columns >= 0) & (of_column < 0))
        if len(missing):
            raise UnsupportedError(
                f"the vocabulary holds no token of {cells.genes[missing[0]]}, as of {len(missing):,} genes of the set; "
                "give the genes that it holds to the modality (genes=)"
            )
        depths = [int(codes[depth]) if depth != NOTHING else NOTHING for depth in depths]
        marks = codes[len(self.genes) : len(self.genes) + self.levels.count]
        found: list[NDArray[np.int32]] = []
        for some in scaled_parts(cells, inverse, ranks=self.layout == "genes"):
            if self.layout == "genes":
                ranked, counts = ranked_columns(some, columns, self.k, len(columns))
                found += laid_out_alone(of_column, ranked, counts, depths[some.rows.start : some.rows.stop])
                continue
            for row, part in zip(some.rows, some.parts, strict=True):
                one = some.columns[part]
                edges = self.levels.edges_of(cells.scale, None if totals is None else float(totals[row]))
                genes = partial(columns.__getitem__, one)
                places, levels = by_level(some.values[part], some.scaled[part], genes, self.k, edges)
                found.append(laid_out(of_column[one[places]], marks[levels], self.layout, depths[row]))
        return found

    def _depths(self, totals: NDArray[np.float64]) -> list[int]:
        """Return the code of each cell's read depth, -1 where none is written or its counts are not known."""
        known = totals > 0
        levels = self.depths.of(np.where(known, totals, 1.0)) + len(self.genes) + self.levels.count
        found: list[int] = np.where(known & self.depth, levels, NOTHING).tolist()
        return found

    # Reading

    def decode(self, tokens: Sequence[str]) -> Cell:
        """Return the cell that tokens of any of the layouts spell.

        Its values are log1p of counts per 10,000: the centre of each level, or, of genes alone, a fitted curve of the
        rank times the gene's median.

        Raises
        ------
        DecodeError
            A token is none of expression, a gene is unknown or written twice, or levels rise.
        """
        found = read_tokens(tokens, self.genes.codes, self.levels.count, self.depths.count)
        refuse_faults(found, len(tokens))
        genes = np.array(found.genes, dtype=object)
        if found.levels:
            values = self.levels.centres[found.levels]
        else:
            start, slope = RANK_CURVE
            scaled = np.exp(start + slope * np.log(np.arange(1, len(genes) + 1)))
            values = np.log1p(scaled / self.genes.inverse_medians[self.genes.of(genes)])
        total = None if found.depth is None else self.depths.centre(found.depth)
        return Cell(genes, values.astype(np.float32), scale="log1p_cp10k", total=total)

    def check_tokens(self, tokens: Sequence[str]) -> list[Check]:
        """Return the checks of tokens that no grammar led: unknown ones, genes written twice, levels that rise."""
        return read_tokens(tokens, self.genes.codes, self.levels.count, self.depths.count).checks()

    def losses(self, entity: Entity) -> tuple[str, ...]:
        if not isinstance(entity, Cell):
            return ()
        without = int((self.genes.of(entity.genes) < 0).sum())
        return (f"{without:,} of {len(entity):,} genes have no token and are left out",) if without else ()

    # Grammar

    def grammar(self) -> Grammar:
        return expression_grammar(self.layout, self.levels.count, depth=self.depth)

    def token_class(self, token: str) -> int:
        """Return 0 for a gene, then the levels in order, then the read depth."""
        if token[1] == "G":
            return 0
        return 1 + int(token[3:-1]) if token[1] == "X" else 1 + self.levels.count

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of genes."""
        return sum(token[1:2] == "G" for token in tokens)
