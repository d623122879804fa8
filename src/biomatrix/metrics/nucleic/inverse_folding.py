"""Designed RNA judged: native sequence recovery, and SS, MFE and LDDT exactly as SOLD computes them.

``darkflash03/SOLD`` at 9b20151081, ``utils/metrics.py``. Its scores are easy to fool: G-C in every pair and A elsewhere
reaches a high SS and a low MFE with hardly any recovery. They stand beside recovery and the share of G and C.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from biomatrix.errors import UnsupportedError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.nucleic.codons import gc_share
from biomatrix.metrics.nucleic.rna_structure import sold_lddt
from biomatrix.metrics.nucleic.vienna import imported_vienna
from biomatrix.metrics.scores import Scores, mean_score
from biomatrix.metrics.sequence_recovery import sequence_recovery
from biomatrix.metrics.superposition import rmsd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Folder: TypeAlias = Callable[[str], tuple[str, float]]
"""Takes an RNA sequence, returns its dot-bracket structure and energy in kcal/mol."""

MATCH, MISMATCH, GAP = 2, -1, -99
"""How SOLD aligns the sequence of a model with that of the file."""
_LETTERS: Final = "ACGUTRYKMSWBDHVNXI"


def recovery(designed: Sequence[str], native: Sequence[str]) -> Scores:
    """Return the native sequence recovery, case and T for U aside.

    Returns
    -------
    mapping of str to Score
        ``recovery``, the mean over chains (gRNAde, RiboDiffusion); ``recovery_corrected``, where a design that is empty
        or of another length counts 0; ``recovery_pooled``, over all nucleotides together (SOLD prints both).
    """
    found = sequence_recovery([as_rna(one) for one in designed], [as_rna(one) for one in native])
    return {"recovery": found.mean, "recovery_corrected": found.corrected, "recovery_pooled": found.pooled}


def sold_scores(designed: Sequence[str], native: Sequence[str], fold: Folder | None = None) -> Scores:
    """Return SOLD's ``ss`` and ``mfe``, and what they must be read beside.

    Parameters
    ----------
    designed : sequence of str
        One that is empty or of another length than the native is left out, and counted.
    native : sequence of str
    fold : callable, optional
        The folding program; ViennaRNA at 37 C by default.

    Returns
    -------
    mapping of str to Score
        ``ss``: the share of places where the fold of the design has the mark of the fold of the *native sequence*, not
        of the structure in the file. ``mfe``: the energy of the design in kcal/mol. ``gc`` and ``recovery`` of the
        same designs.

    Raises
    ------
    ValueError
        The numbers differ.
    ConfigurationError
        No folding program is given and ViennaRNA is not installed.
    """
    checked_pairs(native, designed)
    folder = vienna_fold() if fold is None else fold
    pairs = [(as_rna(found), as_rna(known)) for found, known in zip(designed, native, strict=True)]
    empty = sum(not found for found in designed)
    unparsable = sum(len(found) != len(known) for found, known in pairs) - empty
    nothing = float("nan")
    rows = [
        _folded(found, known, folder) if found and len(found) == len(known) else (nothing, nothing, nothing)
        for found, known in pairs
    ]
    counts = {"empty": empty, "unparsable": unparsable}
    named = {name: mean_score([row[place] for row in rows], **counts) for place, name in enumerate(("ss", "mfe", "gc"))}
    return {**named, "recovery": recovery(designed, native)["recovery"]}


def sold_structure_scores(
    model: ArrayLike, model_sequence: str, known: ArrayLike, known_sequence: str
) -> dict[str, float]:
    """Return SOLD's ``lddt`` and ``rmsd`` of the C4' of a model of a design against those of the file.

    The two sequences are aligned first, as they may differ where residues are unresolved.

    Parameters
    ----------
    model, known : array, shape=(n, 3), (m, 3)
        C4' in Angstrom, NaN where missing.
    model_sequence, known_sequence : str

    Raises
    ------
    UnsupportedError
        Sequence and coordinates differ in length, a letter is no base, or nothing is aligned.
    """
    moving, fixed = np.asarray(model, dtype=np.float64), np.asarray(known, dtype=np.float64)
    for points, sequence in ((moving, model_sequence), (fixed, known_sequence)):
        if len(points) != len(sequence):
            raise UnsupportedError(f"{len(points)} nucleotides with coordinates and {len(sequence)} letters")
    places = aligned_places(as_rna(model_sequence), as_rna(known_sequence))
    if not len(places):
        raise UnsupportedError("no nucleotide of the model is aligned with one of the file")
    moving, fixed = moving[places[:, 0]], fixed[places[:, 1]]
    return {"lddt": sold_lddt(moving, fixed), "rmsd": float(rmsd(moving, fixed))}


def aligned_places(first: str, second: str) -> NDArray[np.int64]:
    """Return the places of two sequences that a global alignment puts together, ``int64 [pairs, 2]``.

    Match 2, mismatch -1, each gap letter -99, at the ends too.
    """
    from biotite.sequence import GeneralSequence, LetterAlphabet
    from biotite.sequence.align import SubstitutionMatrix, align_optimal

    alphabet = LetterAlphabet(_LETTERS)
    strange = next((letter for letter in first + second if letter not in _LETTERS), None)
    if strange is not None:
        raise UnsupportedError(f"{strange!r} is no base")
    if not first or not second:
        return np.zeros((0, 2), dtype=np.int64)
    table = np.where(np.eye(len(_LETTERS), dtype=bool), MATCH, MISMATCH)
    matrix = SubstitutionMatrix(alphabet, alphabet, table)
    sequences = GeneralSequence(alphabet, first), GeneralSequence(alphabet, second)
    trace = align_optimal(*sequences, matrix, gap_penalty=GAP, terminal_penalty=True, max_number=1)[0].trace
    return np.asarray(trace[(trace >= 0).all(axis=1)], dtype=np.int64)


def vienna_fold() -> Folder:
    """Return the minimum free energy folding of ViennaRNA; ConfigurationError where it is not installed."""
    library = imported_vienna()

    def fold(sequence: str) -> tuple[str, float]:
        structure, energy = library.fold(sequence)
        return str(structure), float(energy)

    return fold


def as_rna(sequence: str) -> str:
    """Return a sequence in upper case with U for T."""
    return sequence.upper().replace("T", "U")


def _folded(found: str, known: str, fold: Folder) -> tuple[float, float, float]:
    structure, energy = fold(found)
    wanted, _ = fold(known)
    same = sum(a == b for a, b in zip(structure, wanted, strict=True))
    return same / len(known), energy, gc_share(found)
