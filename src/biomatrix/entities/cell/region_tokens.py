"""Tokens of regions and their numbers: chromosome, tile of 500,000 bases, bin of 500 bases, level of a count.

A bin is one of the stretches of 500 bases that a chromosome is cut into, from 0 on; a tile is a thousand bins. A region
is the bin that its middle lies in, or one of a declared list. Chromosome and tile are written where they change, so a
region takes one to three tokens, and one more for its level where levels are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.assemblies import chromosome_lengths
from biomatrix.entities.cell.locus import Locus
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.entities.cell.rising_automaton import RegionIds, Tiles
from biomatrix.errors import VocabularyError

BIN: Final = 500
"""Bases of a bin."""
BINS: Final = 1000
"""Bins of a tile."""
LEVELS: Final = (1, 2, 3, 5, 9)
"""The least count of each level; the last has no most."""
_DECODED: Final = (1.0, 2.0, 3.0, 6.0, 12.0)
PATTERN: Final = re.compile(r"<(?:C chr(?:[1-9]|1\d|2[0-2]|X|Y|M)|[TBEN] (?:0|[1-9]\d*))>")


@cache
def bins_of_chromosomes(assembly: str) -> NDArray[np.int64]:
    """Return the number of bins of each chromosome, ``int64 [25]``; the last one of each is cut short."""
    return -(-chromosome_lengths(assembly) // BIN)


@cache
def bins_before_chromosomes(assembly: str) -> NDArray[np.int64]:
    """Return the bins of all chromosomes before each, ``int64 [26]``; the last is their sum."""
    return np.concatenate([[0], np.cumsum(bins_of_chromosomes(assembly))])


@cache
def number_of_tiles(assembly: str) -> int:
    """Return the tiles of the longest chromosome."""
    return int(-(-bins_of_chromosomes(assembly).max() // BINS))


def level_of(count: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the level of counts, from 0.

    Examples
    --------
    >>> level_of(np.array([1, 2, 4, 5, 100], dtype=np.float32)).tolist()
    [0, 1, 2, 3, 4]
    """
    return np.maximum(np.searchsorted(np.array(LEVELS), count, side="right") - 1, 0)


def count_of(level: int) -> float:
    """Return the count that a level is read back as; it has the same level."""
    return _DECODED[level]


def bin_tokens(assembly: str, levels: bool) -> Mapping[str, str]:
    """Return every token of binned regions with its description."""
    made = {f"<C {name}>": f"chromosome {name.removeprefix('chr')}" for name in CHROMOSOMES}
    for tile in range(number_of_tiles(assembly)):
        made[f"<T {tile}>"] = f"from megabase {tile * BIN * BINS / 1e6:g} of the chromosome"
    for number in range(BINS):
        made[f"<B {number}>"] = f"open {number * BIN / 1000:g} kilobases further"
    return {**made, **(level_tokens() if levels else {})}


def level_tokens() -> Mapping[str, str]:
    """Return the tokens of levels with their descriptions."""
    words = [f"{low}" if high - low == 1 else f"{low} to {high - 1}" for low, high in pairwise(LEVELS)]
    words.append(f"{LEVELS[-1]} or more")
    return {f"<N {level}>": f"found open {word} times" for level, word in enumerate(words)}


def tiles_of(assembly: str, locus: Locus | None) -> Tiles:
    """Return the tiles that may be written: of all chromosomes, or of what a locus meets."""
    bins = bins_of_chromosomes(assembly)
    spans = [(place, 0, int(count) - 1) for place, count in enumerate(bins)]
    if locus is not None:
        spans = [(locus.chromosome, locus.start // BIN, (locus.end - 1) // BIN)]
    rows = [
        (place, tile, max(first - tile * BINS, 0), min(last - tile * BINS, BINS - 1))
        for place, first, last in spans
        for tile in range(first // BINS, last // BINS + 1)
    ]
    return Tiles(*np.array(rows, dtype=np.int64).T)


def listed_tokens(declared: RegionList, levels: bool) -> Mapping[str, str]:
    """Return every token of the regions of a list with its description."""
    made = {}
    one = declared.regions
    for number, name in enumerate(declared.names):
        place = f"{CHROMOSOMES[one.chromosome[number]]} {one.start[number]} to {one.end[number]}"
        made[f"<E {number}>"] = f"open element {name}, {place}" if name else f"open element, {place}"
    return {**made, **(level_tokens() if levels else {})}


def region_ids(tokens: Mapping[str, int], assembly: str, listed: int | None, levels: bool) -> RegionIds:
    """Return the ids of tokens by what they are.

    Parameters
    ----------
    tokens : mapping of str to int
        Each token with its id.
    assembly : str
    listed : int, optional
        The regions of the list; for bins None.
    levels : bool

    Raises
    ------
    VocabularyError
        A token of the scheme is not there.
    """

    def of(names: Iterable[str]) -> NDArray[np.int64]:
        try:
            return np.array([tokens[name] for name in names], dtype=np.int64)
        except KeyError as lacking:
            raise VocabularyError(
                f"the vocabulary has control tokens of open regions, but no token {lacking.args[0]}; "
                "add all tokens of the modality, or leave its control tokens out"
            ) from None

    def numbered(letter: str, count: int) -> NDArray[np.int64]:
        return of(f"<{letter} {number}>" for number in range(count))

    return RegionIds(
        of(f"<C {name}>" for name in (CHROMOSOMES if listed is None else ())),
        numbered("T", number_of_tiles(assembly) if listed is None else 0),
        numbered("B", BINS) if listed is None else numbered("E", listed),
        numbered("N", len(LEVELS) if levels else 0),
    )


def bin_heads(numbers: NDArray[np.int64], assembly: str) -> list[list[str]]:
    """Return the tokens of bins, laid end to end, that rise: chromosome and tile where they change, then the bin."""
    before = bins_before_chromosomes(assembly)
    chromosome = np.searchsorted(before, numbers, side="right") - 1
    tile, bin_ = np.divmod(numbers - before[chromosome], BINS)
    new = np.ones((2, len(numbers)), dtype=bool)
    new[0, 1:] = np.diff(chromosome) != 0
    new[1, 1:] = new[0, 1:] | (np.diff(tile) != 0)
    rows = zip(chromosome.tolist(), tile.tolist(), bin_.tolist(), *new.tolist(), strict=True)
    return [
        [*([f"<C {CHROMOSOMES[c]}>"] if first else []), *([f"<T {t}>"] if other else []), f"<B {b}>"]
        for c, t, b, first, other in rows
    ]
