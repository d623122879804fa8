"""Many sequences folded, over several processes where that pays."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final, TypeVar

from biomatrix.entities.nucleic.folding.library import vienna
from biomatrix.errors import BioMatrixError

T = TypeVar("T")

START: Final = 1.0
"""Seconds a process takes to start and to import ViennaRNA."""
SECONDS_PER_BASE_CUBED: Final = 2.5e-9
"""Of one fold at hundreds of bases, measured on one core; partition functions take three times as long."""


def fold_each(call: Callable[[str], T], sequences: Sequence[str], workers: int = 1) -> Iterator[T | BioMatrixError]:
    """Yield what ``call`` makes of each sequence, in their order, or the error that one was refused with.

    Parameters
    ----------
    call : callable
        :func:`~.structures.fold`, :func:`~.ensembles.ensemble`, or any function of one sequence that can be sent to
        another process.
    sequences : sequence of str
    workers : int
        Processes. With work for less than they take to start, all is done in this one; answers are the same.

    Raises
    ------
    ConfigurationError
        ViennaRNA is not installed.
    """
    vienna()
    answer = partial(_answer, call)
    work = SECONDS_PER_BASE_CUBED * sum(len(sequence) ** 3 for sequence in sequences)
    if workers < 2 or work < 2 * START:
        yield from map(answer, sequences)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(sequences)), mp_context=context) as pool:
        yield from pool.map(answer, sequences, chunksize=max(1, len(sequences) // (8 * workers)))


def _answer(call: Callable[[str], T], sequence: str) -> T | BioMatrixError:
    try:
        return call(sequence)
    except BioMatrixError as error:
        return error
