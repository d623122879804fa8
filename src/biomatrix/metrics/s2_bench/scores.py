"""The scores of S2-Bench: success, validity, similarity or novelty, and success weighted by these."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.fingerprints import morgan_bits, tanimoto
from biomatrix.metrics.parsed_molecules import parsed
from biomatrix.metrics.s2_bench.success import CUSTOMISED, SUCCESS, Row, source_of
from biomatrix.metrics.scores import Score, Scores, mean_score
from biomatrix.metrics.valence_rules import read_smiles

_MOST_KEPT: Final = 100_000


class KnownMolecules:
    """The molecules that novelty is measured against: ZINC-250k, officially.

    Parameters
    ----------
    smiles : iterable of str
        Those that do not parse are left out.
    """

    def __init__(self, smiles: Iterable[str]) -> None:
        mols = (read_smiles(one) for one in smiles)
        self._fingerprints = [morgan_bits(mol) for mol in mols if mol is not None]
        self._greatest: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._fingerprints)

    def novelty(self, smiles: str) -> float:
        """Return 1 - the greatest similarity of a valid molecule; kept, for intervals judge the same answers anew."""
        if smiles not in self._greatest:
            if len(self._greatest) >= _MOST_KEPT:
                self._greatest.clear()
            self._greatest[smiles] = self.greatest_similarity(parsed(smiles).fact(morgan_bits))
        return 1 - self._greatest[smiles]

    def greatest_similarity(self, fingerprint: Any) -> float:
        """Return the Tanimoto similarity to the most similar one, 0 where there is none."""
        from rdkit import DataStructs

        return float(max(DataStructs.BulkTanimotoSimilarity(fingerprint, self._fingerprints), default=0.0))


def subtask_scores(
    subtask: str, rows: Sequence[Row], predictions: Sequence[str | None], known: KnownMolecules | None = None
) -> Scores:
    """Return the scores of one sub-task.

    Parameters
    ----------
    subtask : str
        A key of :data:`~biomatrix.metrics.s2_bench.success.SUCCESS`.
    rows : sequence of mapping
        The rows of the official table.
    predictions : sequence of str or None
        SMILES; an empty one is invalid, for the official code reads it as a missing value.
    known : KnownMolecules, optional
        Needed for the novelty of AtomNum, FunctionalGroup and BondNum; without it they have ``sr`` and ``validity``.

    Returns
    -------
    Scores
        ``sr`` and ``validity`` over all rows. ``similarity`` (to the row's molecule) or ``novelty`` (1 - the greatest
        similarity to a known molecule) over valid answers; Morgan, radius 2, 2,048 bits. ``wsr``: ``sr`` times that
        mean, whose factors the official script prints. ``wsr_corrected``: the mean over all rows of success times the
        answer's own similarity or novelty, which is what a weighting of each success would be.

    Raises
    ------
    ValueError
        The numbers differ, there is no such sub-task, or a row's molecule does not parse.
    """
    total = checked_pairs(rows, predictions)
    if subtask not in SUCCESS:
        raise ValueError(f"no sub-task {subtask!r} of S2-Bench; there are: {', '.join(SUCCESS)}")
    valid = [bool(answer) and parsed(answer or "").valid for answer in predictions]
    empty = sum(not answer for answer in predictions)
    unparsable = total - empty - sum(valid)
    success = [
        float(fine and SUCCESS[subtask](parsed(answer or ""), row))
        for fine, answer, row in zip(valid, predictions, rows, strict=True)
    ]
    rate = mean_score(success, empty=empty, unparsable=unparsable)
    scores = {"sr": rate, "validity": mean_score([float(one) for one in valid], empty=empty, unparsable=unparsable)}
    if subtask in CUSTOMISED and known is None:
        return scores
    answers = [answer if fine else None for fine, answer in zip(valid, predictions, strict=True)]
    weights = _similarities(rows, answers) if known is None or subtask not in CUSTOMISED else _novelties(answers, known)
    weighted = [one * weight if one else 0.0 for one, weight in zip(success, weights, strict=True)]
    quality = mean_score(weights, empty=empty, unparsable=unparsable)
    scores["novelty" if subtask in CUSTOMISED else "similarity"] = quality
    scores["wsr"] = Score(rate.value * quality.value, total, empty, unparsable, total)
    scores["wsr_corrected"] = mean_score(weighted, empty=empty, unparsable=unparsable)
    return scores


def _similarities(rows: Sequence[Row], answers: Sequence[str | None]) -> list[float]:
    return [
        math.nan if answer is None else tanimoto(source_of(row).fact(morgan_bits), parsed(answer).fact(morgan_bits))
        for row, answer in zip(rows, answers, strict=True)
    ]


def _novelties(answers: Sequence[str | None], known: KnownMolecules) -> list[float]:
    return [math.nan if answer is None else known.novelty(answer) for answer in answers]
