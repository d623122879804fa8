"""A template of an exact length laid out base by base: the states there may be before each base, and what each leads to.

Legend of shapes: L bases, n states of a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.constraints.compiled import Compiled
from biomatrix.entities.nucleic.constraints.gc_content import GcContent
from biomatrix.entities.nucleic.constraints.motif_automaton import FIRST_CODON
from biomatrix.errors import ConfigurationError, LimitError

MOST_WIDE: Final = 1_000
"""The most states of a layer for which pairs are followed exactly."""
_STRONG: Final = (0, 1, 1, 0)


@dataclass(frozen=True, eq=False)
class BaseLayers:
    """What may follow what, base by base.

    Parameters
    ----------
    steps : tuple of ndarray, shape=(n, 4), dtype=int64
        For each base, and each state before it, the state behind A, C, G, T in the next layer; -1 where it may not come.
    ends : ndarray, shape=(n,), dtype=bool
        Which states of the layer behind the last base are an end.
    """

    steps: tuple[NDArray[np.int64], ...]
    ends: NDArray[np.bool_]

    @classmethod
    def of(cls, compiled: Compiled, gc: GcContent | None = None) -> BaseLayers:
        """Lay a template out, with bounds on G and C where they are given.

        Raises
        ------
        ConfigurationError
            Its length is open.
        LimitError
            A layer has too many states.
        """
        length, longest = compiled.bases_left[0].tolist()
        if length < longest:
            raise ConfigurationError("base pairs stand in a sequence of an exact length; give every part one")
        layer: dict[tuple[int, ...], int] = {(0, compiled.start, 0, 0): 0}
        steps = []
        for _ in range(length):
            behind: dict[tuple[int, ...], int] = {}
            rows = [
                [
                    -1 if following is None else behind.setdefault(following, len(behind))
                    for following in (_following(compiled, gc, state, base) for base in range(FIRST_CODON))
                ]
                for state in layer
            ]
            if len(behind) > MOST_WIDE:
                raise LimitError(
                    f"what is asked for beside the base pairs has {len(behind):,} states at one base, more than "
                    f"{MOST_WIDE:,}; give fewer motifs, or leave the share of G and C out",
                    limit="states_of_a_base",
                    actual=len(behind),
                    allowed=MOST_WIDE,
                )
            steps.append(np.array(rows, dtype=np.int64).reshape(len(layer), FIRST_CODON))
            layer = behind
        return cls(tuple(steps), np.ones(len(layer), dtype=np.bool_))


def _following(compiled: Compiled, gc: GcContent | None, state: tuple[int, ...], base: int) -> tuple[int, ...] | None:
    """Return the state (node, motifs, codon begun, G and C) behind a base; None where no end is to be had from it."""
    node, motifs, prefix, strong = state
    if compiled.to_codon[node] < 0:
        if not int(compiled.bases[node, motifs]) >> base & 1:
            return None
        after = int(compiled.to_base[node]), int(compiled.motifs.after[motifs, base]), 0
    else:
        written = (0, 1, 2)[(prefix > 0) + (prefix > 4)]
        codons = int(compiled.codons[node, motifs])
        number = (0, prefix - 1, prefix - 5)[written] * 4 + base if written else base
        width = (16, 4, 1)[written]
        if not codons >> number * width & ((1 << width) - 1):
            return None
        if written < 2:
            after = node, motifs, 1 + number + 4 * written
        else:
            after = int(compiled.to_codon[node]), int(compiled.motifs.after[motifs, FIRST_CODON + number]), 0
    if gc is None:
        return (*after, 0)
    strong += _STRONG[base]
    # amid a codon what is written of it is not counted yet where the bounds are looked up; the end decides
    if after[2] == 0 and not gc.kept(after[0], after[1], strong):
        return None
    return (*after, strong)
