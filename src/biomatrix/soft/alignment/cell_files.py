"""Annotated cells of a file as pairs to fit and to find, and an encoder that is fitted on the former alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.cell.cell_set import CellSet
from biomatrix.entities.cell.encoders.expression_pca import ExpressionPCA
from biomatrix.entities.cell.values import Asked
from biomatrix.entities.encoder import Encoder
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.cell_texts import cell_pairs, marker_symbols, read_ontology
from biomatrix.soft.alignment.pairs import PairSet
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.projector_record import ENCODER_FOLDER

FITTED: Final = "expression_pca"
"""The encoder that can be fitted on the training cells: written without a folder."""
log = logging.getLogger("biomatrix.soft")
_SIDES: Final = ("train", "test")


@dataclass(frozen=True)
class CellColumns:
    """Columns of a file's ``obs``.

    Parameters
    ----------
    type_id : str
        Ids of the Cell Ontology.
    side : str
        ``train`` or ``test`` for each cell, drawn by donor, study or chemistry and not cell by cell; cells with other
        words are left out.
    """

    type_id: str = "cell_ontology_id"
    side: str = "split"


def read_cell_pairs(
    path: str | Path, ontology: str | Path, columns: CellColumns | None = None, values: Asked = "auto"
) -> tuple[PairSet, PairSet]:
    """Return the cells to fit and those to find, with texts of their types: definition, synonyms, marker genes.

    Raises
    ------
    ConfigurationError
        A column is missing, a side has no cells, or a type is not in the ontology.
    """
    named = columns or CellColumns()
    cells = CellSet.from_file(path, values=values)
    obs = cells.adata.obs
    for name in (named.type_id, named.side):
        if name not in obs:
            raise ConfigurationError(f"no column {name!r} in obs; {choices(name, list(map(str, obs)))}", file=str(path))
    types = read_ontology(ontology)
    markers = marker_symbols(types)
    ids, sides = obs[named.type_id].astype(str).to_numpy(), obs[named.side].astype(str).to_numpy()
    found = []
    others = int((~np.isin(sides, _SIDES)).sum())
    if others:
        log.warning("%s: %s cells are neither train nor test in %s and are left out", path, f"{others:,}", named.side)
    for side in _SIDES:
        chosen = np.flatnonzero(sides == side)
        if not len(chosen):
            raise ConfigurationError(f"no cell is {side!r} in the column {named.side!r}", file=str(path))
        told = f"{Path(path).name}, {named.side} {side}"
        found.append(cell_pairs(cells[chosen], ids[chosen].tolist(), types, markers, told))
    return found[0], found[1]


def fitted_encoder(train: PairSet, folder: Path, components: int = 50) -> Encoder:
    """Return principal components of training cells as an encoder, saved beside the projector that is to be made."""
    cells: list[Any] = list(train.entities)  # all of them cells, since they come of such a file
    place = folder / ENCODER_FOLDER
    ExpressionPCA.fit(cells, components=components, fitted_on=train.origin).save_pretrained(place)
    encoder = open_encoder(f"{FITTED}:{place}")
    encoder.spec = f"{FITTED}:{ENCODER_FOLDER}"
    return encoder
