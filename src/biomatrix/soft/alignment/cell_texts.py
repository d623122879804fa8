"""Texts of cell types: label, definition, synonyms and marker genes, in several wordings, and cells that have them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.entities.cell.markers.table import all_markers
from biomatrix.entities.near_matches import choices
from biomatrix.entities.tables import columns_of, parquet_rows
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.pairs import Pair, PairSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONTOLOGY_COLUMNS: Final = ("id", "label", "definition", "synonyms", "deprecated")
_PLURAL: Final = re.compile(r"(?<=[a-z]{3})s\b")
_MOST_SYNONYMS: Final = 5


@dataclass(frozen=True)
class CellType:
    """A type of the Cell Ontology.

    Parameters
    ----------
    id : str
        Such as ``CL:0000236``.
    label, definition : str
    synonyms : tuple of str
    """

    id: str
    label: str
    definition: str = ""
    synonyms: tuple[str, ...] = ()

    def wordings(self, markers: Sequence[str] = ()) -> tuple[str, ...]:
        """Return what is said of the type, the fullest first.

        Parameters
        ----------
        markers : sequence of str
            Symbols of its marker genes.
        """
        also = f"Also called {', '.join(self.synonyms[:_MOST_SYNONYMS])}." if self.synonyms else ""
        genes = f"Marker genes: {' '.join(markers)}." if markers else ""
        name = f"{self.label[:1].upper()}{self.label[1:]}."
        told = (
            _joined(name, self.definition, also, genes),
            _joined(self.definition or name, genes),
            _joined(f"This is a {self.label}.", also),
            _joined(f"A cell that expresses {', '.join(markers)}: {self.label}." if markers else name),
        )
        return tuple(dict.fromkeys(told))


def read_ontology(path: str | Path) -> dict[str, CellType]:
    """Return the types of a table of the Cell Ontology by id, without deprecated ones.

    Raises
    ------
    ConfigurationError
        There is no such file, or a column is missing.
    """
    if not Path(path).is_file():
        raise ConfigurationError("no such file; give a table of the Cell Ontology (.parquet)", file=str(path))
    missing = [name for name in ONTOLOGY_COLUMNS if name not in columns_of(Path(path))]
    if missing:
        raise ConfigurationError(f"no column {missing[0]!r}; {', '.join(ONTOLOGY_COLUMNS)} are read", file=str(path))
    return {
        row["id"]: CellType(row["id"], row["label"], row["definition"] or "", tuple(row["synonyms"] or ()))
        for row in parquet_rows(Path(path), ONTOLOGY_COLUMNS)
        if not row["deprecated"]
    }


def marker_symbols(ontology: Mapping[str, CellType]) -> dict[str, tuple[str, ...]]:
    """Return the symbols of marker genes by type, of the lists that ship whose name is a label or a synonym.

    Plurals, capitals and hyphens do not matter.
    """
    names: dict[str, str] = {}
    for one in ontology.values():
        for name in (one.label, *one.synonyms):
            names.setdefault(_plain(name), one.id)
    found: dict[str, tuple[str, ...]] = {}
    for name in all_markers():
        type_id = names.get(_plain(name))
        if type_id is not None:
            found[type_id] = symbols_of([name])
    return found


def symbols_of(lists: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols of the genes in lists of markers that ship, by the lists' names, each once.

    Raises
    ------
    ConfigurationError
        There is no list of that name.
    """
    for name in lists:
        if name not in all_markers():
            raise ConfigurationError(f"no list of markers {name!r}; {choices(name, all_markers())}")
    symbols = _symbols()
    genes = dict.fromkeys(gene for name in lists for gene in all_markers()[name])
    return tuple(symbols[gene] for gene in genes if gene in symbols)


def cell_pairs(
    cells: CellSet,
    type_ids: Sequence[str],
    ontology: Mapping[str, CellType],
    markers: Mapping[str, Sequence[str]] | None = None,
    origin: str = "",
) -> PairSet:
    """Return cells with the texts of their types; the key is the type.

    Parameters
    ----------
    cells : CellSet
    type_ids : sequence of str
        The id of each cell's type.
    ontology : mapping of str to CellType
    markers : mapping of str to sequence of str, optional
        Symbols of marker genes by the id of a type.
    origin : str
        The cells in words.

    Raises
    ------
    ConfigurationError
        A type is not in the ontology.
    """
    texts: dict[str, tuple[str, ...]] = {}
    for number, type_id in enumerate(type_ids, start=1):
        if type_id not in ontology:
            raise ConfigurationError(f"no type {type_id!r} in the ontology, or a deprecated one", record=number)
        if type_id not in texts:
            texts[type_id] = ontology[type_id].wordings((markers or {}).get(type_id, ()))
    pairs = tuple(Pair(cell, texts[type_id], type_id) for cell, type_id in zip(cells, type_ids, strict=True))
    return PairSet(pairs, origin)


def marker_cells(
    ontology: Mapping[str, CellType],
    markers: Mapping[str, Sequence[str]],
    genes: Mapping[str, str],
    typical: Mapping[str, tuple[float, float]],
    each: int = 10,
    share: float = 0.5,
    seed: int = 0,
) -> PairSet:
    """Return made-up cells that express part of a type's markers above the average, with the type's texts.

    They carry what lists of markers say into training, for types that no cell shows. What is learned of such a type is
    what its list says; it is no finding about cells.

    Parameters
    ----------
    ontology : mapping of str to CellType
    markers : mapping of str to sequence of str
        Symbols by the id of a type; a type with fewer than 3 among the genes is left out.
    genes : mapping of str to str
        Ensembl id of each symbol that the encoder reads.
    typical : mapping of str to (float, float)
        For every Ensembl id, the mean of log1p counts per 10,000 and what a marker is raised by.
    each : int
        Cells of a type.
    share : float
        Of the markers, drawn for each cell.
    seed : int
    """
    rng = np.random.default_rng(seed)
    order = list(typical)
    base = np.array([typical[gene][0] for gene in order], dtype=np.float32)
    rise = np.array([typical[gene][1] for gene in order], dtype=np.float32)
    column = {gene: at for at, gene in enumerate(order)}
    pairs = []
    for type_id, symbols in markers.items():
        held = np.array(
            sorted({column[genes[s]] for s in symbols if s in genes and genes[s] in column}), dtype=np.int64
        )
        if len(held) < 3 or type_id not in ontology:
            continue
        texts = ontology[type_id].wordings(symbols)
        for _ in range(each):
            raised = base.copy()
            raised[held] += rise[held] * (rng.random(len(held)) < share)
            pairs.append(Pair(_cell(order, raised), texts, type_id))
    return PairSet(tuple(pairs), "made-up cells of lists of markers")


def _cell(genes: Sequence[str], values: NDArray[np.float32]) -> Cell:
    detected = np.flatnonzero(values > 0)
    named: NDArray[np.object_] = np.array([genes[at] for at in detected.tolist()], dtype=object)
    return Cell(named, values[detected], scale="log1p_cp10k")


@cache
def _symbols() -> dict[str, str]:
    table = gene_table()
    return dict(zip(table.ensembl_id.tolist(), table.symbol.tolist(), strict=True))


def _plain(name: str) -> str:
    return _PLURAL.sub("", name.lower().replace("-", " ")).strip()


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
