"""The Cell Ontology as a table of types: what stands above each, and how far told types are from the true ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.metrics.cells.annotation import UNKNOWN
from biomatrix.metrics.cells.ontology import ontology_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.metrics.scores import Scores

Ancestors = Mapping[str, frozenset[str]]
"""All types above each, by id such as ``CL:0000236``."""
ID_COLUMN: Final = "cell_ontology_id"
_FILE: Final = "cell_ontology/cell_types.parquet"


@cache
def read_definitions(folder: Path) -> Mapping[str, str]:
    """Return what each type is in words, by id, from ``cell_ontology/cell_types.parquet`` of a folder of data.

    The definition, or the label where the ontology defines none.

    Raises
    ------
    ConfigurationError
        There is no such file.
    ParseError
        It lacks a column.
    """
    table = _columns(folder, "id", "label", "definition")
    return {id_: str(told or label) for id_, label, told in zip(*table.values(), strict=True)}


@cache
def read_ancestors(folder: Path) -> Ancestors:
    """Return what stands above each type, from ``cell_ontology/cell_types.parquet`` of a folder of data.

    Raises
    ------
    ConfigurationError
        There is no such file.
    ParseError
        It has no columns ``id`` and ``ancestors``.
    """
    table = _columns(folder, "id", "ancestors")
    return {name: frozenset(above) for name, above in zip(*table.values(), strict=True)}


def _columns(folder: Path, *names: str) -> Mapping[str, Sequence[Any]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    path = folder / _FILE
    if not path.is_file():
        raise ConfigurationError("no such file; name a folder that holds it", file=str(path))
    try:
        table = read_table(path, columns=list(names)).to_pydict()
        return {name: table[name] for name in names}
    except (ArrowException, KeyError, TypeError) as error:
        raise ParseError(
            f"is no table with the columns {' and '.join(names)}; fetch it again", file=str(path)
        ) from error


def ids_of_labels(cells: LabelledCells) -> Mapping[str, str]:
    """Return the id of each label of the cells; none for a label that the file gives no id or several."""
    if ID_COLUMN not in cells.columns:
        return {}
    pairs = set(zip(cells.labels.tolist(), cells.columns[ID_COLUMN].tolist(), strict=True))
    named = [label for label, id_ in pairs if id_.startswith("CL:")]
    return {label: id_ for label, id_ in pairs if id_.startswith("CL:") and named.count(label) == 1}


def scores_by_ontology(
    truth: NDArray[np.str_], told: NDArray[np.str_], ids: Mapping[str, str], ancestors: Ancestors
) -> Scores:
    """Return the shares of :func:`~biomatrix.metrics.cells.ontology.ontology_scores` for labels.

    A label without an id is the same as itself and unrelated to all others.
    """

    def named(labels: NDArray[np.str_]) -> list[str]:
        return [each if each == UNKNOWN else ids.get(each, f"label {each}") for each in labels.tolist()]

    return ontology_scores(named(truth), named(told), ancestors)
