"""An AnnData in memory taken as the contents of a file: the same checks, the same decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biomatrix.entities.cell.files.contents import Contents, Place, Rest
from biomatrix.entities.cell.files.finding import find
from biomatrix.entities.cell.files.matrix_rows import MemoryRows
from biomatrix.entities.cell.files.table_rows import FrameRows
from biomatrix.entities.cell.files.whole import whole_set
from biomatrix.entities.cell.values import Asked
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from biomatrix.entities.cell.cell_set import CellSet


def memory_set(
    adata: AnnData, *, values: Asked, layer: str | None, totals: str | None, assembly: str | None
) -> CellSet:
    """Return the cells of an AnnData; see :meth:`biomatrix.CellSet.from_anndata`."""
    held: Any = adata.to_memory() if adata.isbacked else adata
    obs, var = FrameRows("obs", held.obs), FrameRows("var", held.var)
    refuse_mixed_columns(held.obs, "obs")
    places = [] if held.X is None else [Place("X", MemoryRows("X", held.X), var)]
    if held.raw is not None:
        places.append(Place("raw", MemoryRows("raw", held.raw.X), FrameRows("raw.var", held.raw.var)))
    places += [Place(f"layers/{name}", MemoryRows(f"layers/{name}", held.layers[name]), var) for name in held.layers]
    if not places:
        raise ParseError("the AnnData holds no matrix: neither X, raw nor layers")
    contents = Contents("AnnData", obs, tuple(places), lambda: Rest({"uns": held.uns}), uns=lambda: held.uns)
    return whole_set(contents, find(contents, values=values, layer=layer, totals=totals, assembly=assembly), held)


def refuse_mixed_columns(table: pd.DataFrame, name: str) -> None:
    """Refuse columns of Python objects that are no text: no file holds them, and a cell's annotation is one value."""
    for column in table.columns:
        if table[column].dtype != object:
            continue
        wrong = next(
            (one for one in table[column] if not isinstance(one, str) and one is not None and one == one), None
        )
        if wrong is not None:
            raise ParseError(
                f"the column {column!r} of {name} holds objects, such as a {type(wrong).__name__}; make it text with "
                f"adata.{name}[{column!r}] = adata.{name}[{column!r}].astype(str), or drop it"
            )
