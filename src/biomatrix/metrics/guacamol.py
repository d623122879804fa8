"""The GuacaMol measures of distribution learning: with re-drawing, as the official code has it, and for a fixed list.

``BenevolentAI/guacamol`` at 60ebe1f, ``guacamol/distribution_learning_benchmark.py``. The official code draws from a
generator until it has enough molecules; a list written once cannot be drawn from further, and the usual reading then
is valid / all, distinct / valid, new / distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import cycle, islice
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biomatrix.metrics.molecule_sets import MoleculeSet, canonical_set, canonical_smiles, molecule_set
from biomatrix.metrics.scores import Score, Scores

Draw: TypeAlias = Callable[[int], Sequence[str]]
"""Returns that many SMILES, other ones at each call."""

MOST_DRAWS_FOR_VALID: Final = 10
MOST_DRAWS_FOR_DISTINCT: Final = 2
"""How many times the number of samples is drawn at the most, to reach it in valid and in distinct molecules."""


def guacamol(generated: Sequence[str], train: Collection[str]) -> Scores:
    """Return validity, uniqueness and novelty of a fixed list of molecules.

    Parameters
    ----------
    generated : sequence of str
        SMILES; empty and broken ones are invalid.
    train : collection of str
        Training SMILES, compared without stereochemistry, as the generated ones are.

    Returns
    -------
    mapping of str to Score
        ``validity`` = valid / all, ``unique`` = distinct / valid, ``novelty`` = new / distinct.
    """
    molecules = molecule_set(generated)
    flat = _flat(molecules.counts)
    new = flat - _flat_of_train(train)
    valid = np.array([each is not None for each in molecules.canonical], dtype=np.float64)
    return {
        "validity": _share(molecules, valid.sum(), len(valid), valid),
        "unique": _share(molecules, len(flat), len(molecules.valid)),
        "novelty": _share(molecules, len(new), len(flat)),
    }


def guacamol_drawn(draw: Draw, train: Collection[str], number_samples: int = 10_000) -> Scores:
    """Return validity, uniqueness and novelty as the official code does: all over the number of samples.

    Parameters
    ----------
    draw : callable
        Returns a number of SMILES. It is drawn from for validity, then again for uniqueness until there are
        ``number_samples`` valid molecules (at most ten times as many draws), and again for novelty until there are as
        many distinct ones (at most twice as many).
    train : collection of str
        Training SMILES.
    number_samples : int

    Returns
    -------
    mapping of str to Score
        ``validity_drawn``, ``unique_drawn``, ``novelty_drawn``. The official code takes an empty string for a
        molecule when it counts new ones: ``novelty_drawn_corrected`` does not.
    """
    first = molecule_set(draw(number_samples))
    valid = molecule_set(_draw_valid(draw, number_samples))
    distinct = _draw_distinct(draw, number_samples)
    new = _flat(distinct) - _flat_of_train(train)
    drawn = molecule_set(distinct)
    return {
        "validity_drawn": _share(first, len(first.valid), number_samples),
        "unique_drawn": _share(valid, len(_flat(valid.counts)), number_samples),
        "novelty_drawn": _share(drawn, len(new), number_samples),
        "novelty_drawn_corrected": _share(drawn, len(new - {""}), number_samples),
    }


def drawn_in_turn(smiles: Sequence[str]) -> Draw:
    """Return a generator that serves a list in its order and begins anew at its end, keeping its place."""
    endless: Iterator[str] = cycle(smiles)
    return lambda number: list(islice(endless, number))


def _draw_valid(draw: Draw, number: int) -> list[str]:
    """Return ``number`` valid SMILES, or as many as the allowed draws hold; each round draws as many as are missing."""
    found: list[str] = []
    left = MOST_DRAWS_FOR_VALID * number
    while len(found) < number and left > 0:
        missing = number - len(found)
        found += [each for each in draw(missing) if canonical_smiles(each)]
        left -= missing
    return found


def _draw_distinct(draw: Draw, number: int) -> list[str]:
    """Return ``number`` distinct canonical SMILES, the empty one among them, or as many as the allowed draws hold."""
    found: dict[str, None] = {}
    left = MOST_DRAWS_FOR_DISTINCT * number
    while len(found) < number and left > 0:
        missing = number - len(found)
        names = ("" if not each else canonical_smiles(each) for each in draw(missing))
        found |= dict.fromkeys(name for name in names if name is not None)
        left -= missing
    return list(found)


def _flat(smiles: Collection[str]) -> set[str]:
    """Return the distinct molecules once stereochemistry is left out; the empty string stays."""
    flat = (each and canonical_smiles(each, stereo=False) for each in smiles)
    return {each for each in flat if each is not None}


def _flat_of_train(train: Collection[str]) -> frozenset[str]:
    smiles = frozenset(train)
    return canonical_set(smiles, stereo=False) | (smiles & {""})


def _share(molecules: MoleculeSet, count: float, of: int, items: NDArray[np.float64] | None = None) -> Score:
    value = float(count) / of if of else float("nan")
    return Score(value, len(molecules.smiles), molecules.empty, molecules.unparsable, of, items)
