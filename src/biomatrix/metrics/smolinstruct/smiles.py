"""Molecules answered as SMILES: exact match, fingerprint similarity, validity (``utils/metrics.py``)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.fingerprints import SIMILARITIES, tanimoto
from biomatrix.metrics.parsed_molecules import parsed
from biomatrix.metrics.scores import Scores, mean_score
from biomatrix.metrics.shared_fingerprints import know_fingerprints, unknown_molecules
from biomatrix.metrics.smolinstruct.canonical import among, canonical, know_canonical, unknown_components
from biomatrix.metrics.teams import Team

_LEAST: Final = 500
"""Components for each further process, which take longer than a process to begin."""
_BRACKETS: Final = re.compile(r"\[[^\]]*\]")
_BONDED: Final = re.compile(r"[NO].|.[NO]")
"""Nitrogen or oxygen and a second atom, in one component whose atoms in brackets are stars."""


def canonical_answers(predictions: Sequence[str | None]) -> list[str | None]:
    """Return answers in canonical form, None for those that are empty or do not parse; ``;`` counts as a dot."""
    return [canonical(_dotted(answer)) if answer else None for answer in predictions]


def smiles_scores(
    references: Sequence[Sequence[str]], predictions: Sequence[str | None], workers: int | None = None
) -> Scores:
    """Return exact match, similarities and validity of molecules answered as SMILES.

    Parameters
    ----------
    references : sequence of sequence of str
        For each answer those accepted; ``;`` or dots between components.
    predictions : sequence of str or None
        None or "" where there is no answer.
    workers : int, optional
        The most processes that share the work where there are many answers; values do not depend on it.

    Returns
    -------
    Scores
        ``em``: over all answers, by the set of component InChIs. ``fts``, ``maccs_fts`` and ``rdk_fts``: the greatest
        similarity to a reference, over valid answers. ``validity``: over all answers; ``validity_over_answered``
        leaves out empty ones. ``intersection`` and ``subset``: whether some component is one of a reference, and
        whether all are.

    Raises
    ------
    ValueError
        The numbers differ, or a reference is no molecule.
    """
    total = checked_pairs(references, predictions)
    rows = zip(references, predictions, strict=True)
    unknown = unknown_components(_dotted(one) for some, answer in rows for one in (*map(str.strip, some), answer or ""))
    with Team(len(unknown), _LEAST, workers) as team:
        know_canonical(unknown, team)
        answers = canonical_answers(predictions)
        accepted = [[_reference(one) for one in some] for some in references]
        know_fingerprints(unknown_molecules(_compared(answers, accepted)), team)
    empty = sum(not answer for answer in predictions)
    unparsable = total - empty - sum(answer is not None for answer in answers)
    valid = [float(answer is not None) for answer in answers]
    items = {
        **_shared_components(answers, accepted),
        **{name: _similarities(answers, accepted, kind) for name, kind in SIMILARITIES.items()},
        "validity": valid,
        "validity_over_answered": [one if answer else math.nan for one, answer in zip(valid, predictions, strict=True)],
    }
    return {name: mean_score(values, empty=empty, unparsable=unparsable) for name, values in items.items()}


def _dotted(smiles: str) -> str:
    return smiles.replace(";", ".")


def _reference(smiles: str) -> str:
    found = canonical(_dotted(smiles.strip()))
    if found is None:
        raise ValueError(f"a reference that is no molecule: {smiles[:80]!r}")
    return found


def _similarities(
    answers: Sequence[str | None], accepted: Sequence[Sequence[str]], kind: Callable[[Any], Any]
) -> list[float]:
    return [
        math.nan if answer is None else max((_similarity(answer, one, kind) for one in some), default=0.0)
        for answer, some in zip(answers, accepted, strict=True)
    ]


def _compared(answers: Sequence[str | None], accepted: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the molecules whose fingerprints are compared."""
    for answer, some in zip(answers, accepted, strict=True):
        for one in some:
            if answer is not None and not _alike(answer, one):
                yield from (answer, one)


def _alike(answer: str, reference: str) -> bool:
    return answer == reference and has_features(answer)


def _similarity(answer: str, reference: str, kind: Callable[[Any], Any]) -> float:
    if _alike(answer, reference):
        return 1.0
    return tanimoto(parsed(reference).fact(kind), parsed(answer).fact(kind))


def has_features(smiles: str) -> bool:
    """Return whether a canonical molecule surely has a bit in every fingerprint, so that it is equal to itself.

    A fingerprint without a bit has a similarity of 0 to itself. Nitrogen and oxygen are MACCS keys, a bond is a path.

    Examples
    --------
    >>> has_features("CO"), has_features("O"), has_features("[Na+].[Cl-]"), has_features("[Os]C")
    (True, False, False, False)
    """
    return any(_BONDED.search(part) for part in _BRACKETS.sub("*", smiles).split("."))


def _shared_components(answers: Sequence[str | None], accepted: Sequence[Sequence[str]]) -> dict[str, list[float]]:
    """Return for each answer whether its components are those of one reference, share one, and lie among them."""
    found: dict[str, list[float]] = {"em": [], "intersection": [], "subset": []}
    for answer, some in zip(answers, accepted, strict=True):
        mine = set() if answer is None else set(answer.split("."))
        theirs = [set(one.split(".")) for one in some]
        present = [among(mine, one) for one in theirs]
        found["intersection"].append(float(any(any(one) for one in present)))
        found["subset"].append(float(bool(mine) and any(all(one) for one in present)))
        back = [all(among(one, mine)) for one in theirs]
        found["em"].append(float(bool(mine) and any(all(one) and two for one, two in zip(present, back, strict=True))))
    return found
