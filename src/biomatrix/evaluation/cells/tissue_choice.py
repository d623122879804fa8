"""Which tissue's types are looked for, where nobody says: the one whose types hold most of the probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.cell.markers.table import Lists
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.baselines.cells.type_chances import chances_by_markers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FEWEST_TYPES = 2


def likeliest_tissue(
    values: Floats, genes: NDArray[np.object_], lists: Mapping[str, Lists], vectors: Floats
) -> tuple[str, str]:
    """Return the tissue whose types hold most of the probability, and why, for the notes.

    The types of all tissues stand against each other at once. Were each tissue looked at alone, the one with the fewest
    types in the matrix would look the surest, whatever the cells are: of few types each is likely.

    Parameters
    ----------
    values : ndarray, shape=(C, G)
        Log expression.
    genes : ndarray, shape=(G,), dtype=object
        Ensembl ids.
    lists : mapping of str to Lists
        The markers of each tissue's types; a type of several tissues counts for each of them.
    vectors : ndarray, shape=(C, d)
        Where the cells lie, for neighbours.

    Raises
    ------
    ConfigurationError
        No tissue has two types with enough markers among the genes.
    """
    every = {name: own for each in lists.values() for name, own in each.items()}
    remedy = "give lists of your own (--markers) or a reference (--reference)"
    try:
        found = chances_by_markers(values, genes, every, vectors)
    except ConfigurationError:
        raise ConfigurationError(f"no tissue has two types with markers among the matrix's genes; {remedy}") from None
    held = dict(zip(found.names, found.chances.mean(axis=0).tolist(), strict=True))
    shares = {
        tissue: sum(held[name] for name in own if name in held)
        for tissue, own in lists.items()
        if sum(name in held for name in own) >= _FEWEST_TYPES
    }
    if not shares:
        raise ConfigurationError(f"no tissue has two types with markers among the matrix's genes; {remedy}")
    best = max(shares, key=lambda each: shares[each])
    shown = ", ".join(f"{tissue} {share:.2f}" for tissue, share in shares.items())
    return best, (
        f"types of {best} are looked for, since they hold most of the probability where the types of all tissues stand "
        f"against each other ({shown}); --tissue names another"
    )
