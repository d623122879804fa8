"""The bytes of BinaryCIF files: the categories of the mmCIF text, typed and compressed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.protein.files.text import cif_text

if TYPE_CHECKING:
    from biomatrix.entities.protein.entity import Protein

_INTEGERS: Final[frozenset[str]] = frozenset({"label_seq_id", "auth_seq_id", "pdbx_PDB_model_num", "model_num"})
_DECIMALS: Final[frozenset[str]] = frozenset({"Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv"})


def bcif_bytes(proteins: Sequence[Protein]) -> bytes:
    """Return a BinaryCIF file of backbones that holds what :func:`cif_text` does."""
    return binary_of(cif_text(proteins))


def binary_of(cif: str) -> bytes:
    """Return the one block of an mmCIF text as a BinaryCIF file."""
    from biotite.structure.io import pdbx

    text = pdbx.CIFFile.read(io.StringIO(cif))
    (name,) = text.keys()
    categories = {key: _category(pdbx, category) for key, category in text[name].items()}
    buffer = io.BytesIO()
    pdbx.compress(pdbx.BinaryCIFFile({name: pdbx.BinaryCIFBlock(categories)})).write(buffer)
    return buffer.getvalue()


def _category(pdbx: Any, category: Any) -> Any:
    columns = {}
    for key, column in category.items():
        kind: type = int if key in _INTEGERS else float if key in _DECIMALS else str
        mask = None if column.mask is None else pdbx.BinaryCIFData(column.mask.array.astype(np.uint8))
        columns[key] = pdbx.BinaryCIFColumn(pdbx.BinaryCIFData(column.as_array(kind)), mask)
    return pdbx.BinaryCIFCategory(columns)
