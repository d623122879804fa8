"""From tokens to regions: each token is the next of its kind or the first that is wrong is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_modality import checked_tokens
from biomatrix.entities.cell.assemblies import chromosome_lengths
from biomatrix.entities.cell.region_list import RegionList
from biomatrix.entities.cell.region_tokens import BIN, BINS, LEVELS, PATTERN, bins_of_chromosomes, count_of
from biomatrix.entities.cell.regions import CHROMOSOMES, Regions
from biomatrix.errors import DecodeError

_NUMBER_OF: Final = {name: number for number, name in enumerate(CHROMOSOMES)}


def read_bins(tokens: Sequence[str], assembly: str, levels: bool) -> Regions:
    """Return the bins that tokens spell, each 500 bases but at the end of a chromosome.

    Parameters
    ----------
    tokens : sequence of str
    assembly : str
    levels : bool
        Whether each bin is followed by its level.

    Raises
    ------
    DecodeError
        With the index of the first token that is none, stands where another must, or does not rise.
    """
    bins = bins_of_chromosomes(assembly)
    rows: list[tuple[int, int]] = []
    counts: list[float] = []
    chromosome, tile, bin_, owed = -1, -1, -1, "C"
    for index, token in enumerate(checked_tokens(tokens)):
        kind, number = _read(token, index)
        if kind not in owed:
            raise DecodeError(f"{token!r} stands where {_wanted(owed)} must", position=index)
        if kind == "C":
            _rises(number, chromosome, token, index)
            chromosome, tile, owed = number, -1, "T"
        elif kind == "T":
            _rises(number, tile, token, index)
            if number * BINS >= bins[chromosome]:
                raise DecodeError(f"{token!r} lies past the end of {CHROMOSOMES[chromosome]}", position=index)
            tile, bin_, owed = number, -1, "B"
        elif kind == "B":
            _rises(number, bin_, token, index)
            if number >= BINS or tile * BINS + number >= bins[chromosome]:
                raise DecodeError(f"{token!r} lies past the end of its tile or chromosome", position=index)
            bin_, owed = number, "N" if levels else "CTB"
            rows.append((chromosome, tile * BINS + number))
        else:
            counts.append(_count(number, token, index))
            owed = "CTB"
    _check_end(owed, len(rows), len(tokens), "CTB")
    numbers = np.array(rows, dtype=np.int64)
    start, end = numbers[:, 1] * BIN, (numbers[:, 1] + 1) * BIN
    end = np.minimum(end, chromosome_lengths(assembly)[numbers[:, 0]])
    return Regions(assembly, numbers[:, 0].astype(np.int16), start, end, _counts(counts, len(rows)))


def read_listed(tokens: Sequence[str], declared: RegionList, levels: bool) -> Regions:
    """Return the regions of a list that tokens spell; see :func:`read_bins`."""
    places: list[int] = []
    counts: list[float] = []
    owed = "E"
    for index, token in enumerate(checked_tokens(tokens)):
        kind, number = _read(token, index)
        if kind not in owed:
            raise DecodeError(f"{token!r} stands where {_wanted(owed)} must", position=index)
        if kind == "E":
            _rises(number, places[-1] if places else -1, token, index)
            if number >= len(declared):
                raise DecodeError(f"{token!r} is past the {len(declared):,} regions of the list", position=index)
            places.append(number)
            owed = "N" if levels else "E"
        else:
            counts.append(_count(number, token, index))
            owed = "E"
    _check_end(owed, len(places), len(tokens), "E")
    at, one = np.array(places, dtype=np.int64), declared.regions
    return Regions(one.assembly, one.chromosome[at], one.start[at], one.end[at], _counts(counts, len(places)))


def _read(token: str, index: int) -> tuple[str, int]:
    """Return the letter and the number of a token."""
    if PATTERN.fullmatch(token) is None:
        raise DecodeError(f"not a token of open regions: {token!r}", position=index)
    kind, text = token[1], token[3:-1]
    return kind, _NUMBER_OF[text] if kind == "C" else int(text)


def _rises(number: int, before: int, token: str, index: int) -> None:
    if number <= before:
        raise DecodeError(f"{token!r} does not rise: regions are written in genomic order", position=index)


def _count(level: int, token: str, index: int) -> float:
    if level >= len(LEVELS):
        raise DecodeError(f"{token!r} is past the {len(LEVELS)} levels", position=index)
    return count_of(level)


def _counts(counts: list[float], regions: int) -> NDArray[np.float32]:
    return np.array(counts, dtype=np.float32) if counts else np.ones(regions, dtype=np.float32)


def _check_end(owed: str, regions: int, tokens: int, last: str) -> None:
    if not regions:
        raise DecodeError("no open region between the control tokens", position=tokens)
    if owed != last:
        raise DecodeError(f"the tokens end where {_wanted(owed)} must stand", position=tokens)


def _wanted(owed: str) -> str:
    words = {"C": "a chromosome", "T": "a tile", "B": "a bin", "E": "a region of the list", "N": "a level"}
    return " or ".join(words[kind] for kind in owed)
