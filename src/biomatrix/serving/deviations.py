"""How far each residue or atom of a decoded entity is from the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from biomatrix.entities.kind_registry import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity


def unit_deviations(original: Entity, decoded: Entity, units: int) -> NDArray[np.float64] | None:
    """Return the distance of each residue or atom in Angstrom, ``float64 [units]``, after superposition.

    A residue's is the root mean square over its points. Of a kind without a size the tokens may put atoms in another
    order: each decoded atom is then paired with one of the original, the nearest pairs first.

    Parameters
    ----------
    original, decoded : Entity
        Of one kind.
    units : int
        Residues or atoms of the decoded one.

    Returns
    -------
    ndarray or None
        NaN where either is unresolved; None where the two cannot be laid over each other.
    """
    kind = kind_of(decoded)
    target, moving = kind.points(original), kind.points(decoded)
    if target is None or moving is None or target.shape != moving.shape or not units or len(moving) % units:
        return None
    placed = cast("NDArray[np.float32]", kind.points(kind.superpose(decoded, original))).astype(np.float64)
    if kind.size(decoded) is None:
        squared = _nearest_pairs(placed, target.astype(np.float64)) ** 2
    else:
        squared = ((placed - target) ** 2).sum(axis=-1)
    deviations: NDArray[np.float64] = np.sqrt(squared.reshape(units, -1).mean(axis=1))
    return deviations


def _nearest_pairs(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each point is from the one it is paired with, the nearest pairs first: ``float64 [n]``."""
    distances: NDArray[Any] = np.linalg.norm(first[:, None] - second[None], axis=-1)
    found = np.full(len(first), np.nan)
    taken = np.zeros(len(second), dtype=bool)
    for place in np.argsort(distances, axis=None).tolist():
        row, column = divmod(place, len(second))
        if np.isnan(found[row]) and not taken[column] and not np.isnan(distances[row, column]):
            found[row] = distances[row, column]
            taken[column] = True
            if taken.all():
                break
    return found
