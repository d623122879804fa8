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
        answer's own similarity or novelty, which is what a weighting of each success would be. ``sr_shifted``: the
        rate where an empty answer is a blank line of the official file, which its reader skips, so that all later
        answers are judged by the row before theirs; the official script then stops at the last row.

    Raises
    ------
    ValueError
        The numbers differ, there is no such sub-task, or a row's molecule does not parse.
    """
    total = checked_pairs(rows, predictions)
    if subtask not in SUCCESS:
        raise ValueError(f"no sub-task {subtask!r} of S2-Bench; there are: {', '.join(SUCCESS)}")
    answers = [answer if answer and parsed(answer).valid else None for answer in predictions]
    empty = sum(not answer for answer in predictions)
    unparsable = answers.count(None) - empty
    success = _successes(subtask, rows, answers)
    items = {"sr": success, "validity": [float(answer is not None) for answer in answers]}
    items["sr_shifted"] = _successes(subtask, rows, moved_up(answers, predictions)) if empty else success
    novel_to = known if subtask in CUSTOMISED else None
    quality = "similarity" if novel_to is None else "novelty"
    weighted = novel_to is not None or subtask not in CUSTOMISED
    if weighted:
        items[quality] = _similarities(rows, answers) if novel_to is None else _novelties(answers, novel_to)
        pairs = zip(success, items[quality], strict=True)
        items["wsr_corrected"] = [one * weight if one else 0.0 for one, weight in pairs]
    scores = {name: mean_score(values, empty=empty, unparsable=unparsable) for name, values in items.items()}
    if weighted:
        scores["wsr"] = Score(scores["sr"].value * scores[quality].value, total, empty, unparsable, total)
    return scores


def moved_up(answers: Sequence[str | None], predictions: Sequence[str | None]) -> list[str | None]:
    """Return answers as the official files hold them: blank lines are lost, and what follows moves up by a row.

    Examples
    --------
    >>> moved_up(["C", None, None, "O"], ["C", "", "C(", "O"])
    ['C', None, 'O', None]
    """
    kept = [answer for answer, said in zip(answers, predictions, strict=True) if said and said.strip()]
    return kept + [None] * (len(predictions) - len(kept))


def _successes(subtask: str, rows: Sequence[Row], answers: Sequence[str | None]) -> list[float]:
    reached = SUCCESS[subtask]
    return [float(one is not None and reached(parsed(one), row)) for one, row in zip(answers, rows, strict=True)]


def _similarities(rows: Sequence[Row], answers: Sequence[str | None]) -> list[float]:
    return [
        math.nan if answer is None else tanimoto(source_of(row).fact(morgan_bits), parsed(answer).fact(morgan_bits))
        for row, answer in zip(rows, answers, strict=True)
    ]


def _novelties(answers: Sequence[str | None], known: KnownMolecules) -> list[float]:
    return [math.nan if answer is None else known.novelty(answer) for answer in answers]
