"""Chains told apart by the segment identifiers of CHARMM, NAMD and X-PLOR, where chain identifiers do not do it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def chains_by_segment(
    chain: NDArray[np.str_], segments: Sequence[str], keys: Sequence[str]
) -> tuple[NDArray[np.str_], list[str]]:
    """Return the chain identifier of each atom, that of its segment where one chain identifier spans several chains.

    It does where the atoms CA under it lie in several segments and it is blank, or one residue occurs in two of them.

    Parameters
    ----------
    chain : ndarray, shape=(N,), dtype=str
    segments : sequence of str
        Columns 73 to 76 of each atom.
    keys : sequence of str
        Columns 13 to 27 of each atom.

    Returns
    -------
    ndarray, shape=(N,), dtype=str
    list of str
        A note where an identifier was replaced.
    """
    spans: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, segment, key in zip(chain.tolist(), segments, keys, strict=True):
        if key[:4] == " CA ":
            spans[name][segment.strip()].add(key[4:])
    ambiguous = {name for name, held in spans.items() if _several_chains(name, held)}
    if not ambiguous:
        return chain, []
    named = np.asarray([segment.strip() for segment in segments])
    told = np.where(np.isin(chain, sorted(ambiguous)), named, chain)
    found = sorted({segment for name in ambiguous for segment in spans[name]})
    return told, [f"chains told apart by their segment identifiers, {', '.join(found)}"]


def _several_chains(name: str, held: dict[str, set[str]]) -> bool:
    if len(held) < 2 or not all(segment.isalnum() and segment[0].isalpha() for segment in held):
        return False  # charges of PDBQT files stand in the same columns
    distinct = len(set().union(*held.values()))
    return not name or distinct < sum(map(len, held.values()))
