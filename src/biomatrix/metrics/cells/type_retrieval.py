"""Cells and texts of types in one space: is the text of its type among a cell's nearest, and the reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def type_retrieval(
    cells: NDArray[np.floating], labels: ArrayLike, texts: NDArray[np.floating], types: ArrayLike
) -> dict[str, float]:
    """Return recall of types and precision of cells by cosine.

    Parameters
    ----------
    cells : ndarray, shape=(C, d)
    labels : array, shape=(C,), dtype=str
    texts : ndarray, shape=(T, d)
        One vector a type.
    types : array, shape=(T,), dtype=str

    Returns
    -------
    mapping of str to float
        ``recall_1``, ``recall_3`` (cell to type), ``precision_10`` (type to cells, mean over types that cells have).
    """
    true, names = np.asarray(labels, dtype=np.str_), np.asarray(types, dtype=np.str_)
    likeness = _unit(cells) @ _unit(texts).T
    order = np.argsort(-likeness, axis=1, kind="stable")
    found = names[order] == true[:, None]
    nearest_cells = np.argsort(-likeness, axis=0, kind="stable")[:10]
    held = np.isin(names, true)
    return {
        "recall_1": float(found[:, :1].any(axis=1).mean()),
        "recall_3": float(found[:, :3].any(axis=1).mean()),
        "precision_10": float((true[nearest_cells] == names)[:, held].mean()),
    }


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    given = np.asarray(vectors, dtype=np.float64)
    return np.asarray(given / np.maximum(np.linalg.norm(given, axis=1, keepdims=True), 1e-12))
