"""The MOSES suite of distribution learning, as its official code computes it.

``molecularsets/moses`` at dd7ed6a, ``moses/metrics/metrics.py``. Set-wise metrics are over the valid molecules with
their duplicates; strings that are no molecule count against validity alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.metrics.fingerprint_similarity import mean_similarities, nearest_similarity, packed_bits, written_bits
from biomatrix.metrics.molecule_sets import (
    MoleculeSet,
    brics_fragments,
    canonical_set,
    described,
    molecule_set,
    murcko_scaffold,
    weighted_counts,
)
from biomatrix.metrics.scores import Score, Scores
from biomatrix.metrics.teams import Team

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST: Final = 1000
"""Molecules for each further process, which take longer than a process to begin."""
_LIGHTER: Final = 5
"""Training molecules that take as long as one of the others."""


def moses(
    generated: Sequence[str],
    train: Collection[str],
    test: Sequence[str] | None = None,
    ks: Sequence[int] = (1000, 10_000),
    workers: int | None = None,
) -> Scores:
    """Return validity, uniqueness, novelty, internal diversity and, given a test set, SNN, Frag and Scaf.

    Parameters
    ----------
    generated : sequence of str
        SMILES; empty, blank and broken ones are invalid.
    train : collection of str
        Training SMILES. They are compared as they are written: one that is not canonical matches nothing.
    test : sequence of str, optional
        Test SMILES.
    ks : sequence of int
        Uniqueness among the first k valid ones, as ``unique@k``.
    workers : int, optional
        The most processes that share the work where there are many molecules; values do not depend on it.

    Returns
    -------
    mapping of str to Score
        ``validity``, ``unique`` (among all valid ones), ``unique@k``, ``novelty``, ``intdiv1``, ``intdiv2``, and
        ``snn``, ``frag``, ``scaf`` where a test set is given. ``novelty_corrected`` compares with canonical training
        SMILES. NaN where the set a value rests on is empty.
    """
    with Team(len(generated) + len(test or ()) + len(train) // _LIGHTER, _LEAST, workers) as team:
        molecules = molecule_set(generated, team, fingerprints_of if test is None else pieces_of)
        scores = {"validity": _validity(molecules), **_uniqueness(molecules, ks), **_novelty(molecules, train, team)}
        scores.update(_internal_diversity(molecules, team))
        return scores if test is None else {**scores, **_likeness(molecules, molecule_set(test, team, pieces_of), team)}


def set_likeness(generated: Sequence[str], test: Sequence[str], workers: int | None = None) -> Scores:
    """Return ``snn``, ``frag`` and ``scaf`` of SMILES against test SMILES, duplicates counted."""
    with Team(len(generated) + len(test), _LEAST, workers) as team:
        return _likeness(molecule_set(generated, team, pieces_of), molecule_set(test, team, pieces_of), team)


def fingerprints_of(smiles: Sequence[str]) -> list[list[Any]]:
    """Return what :func:`described` does, with the fingerprint as the one fact."""
    return described(smiles, lambda mol: [written_bits(mol)])


def pieces_of(smiles: Sequence[str]) -> list[list[Any]]:
    """Return what :func:`described` does, with the fingerprint, the BRICS fragments and the scaffold."""
    return described(smiles, lambda mol: [written_bits(mol), brics_fragments(mol), murcko_scaffold(mol)])


def _score(molecules: MoleculeSet, value: float, denominator: int) -> Score:
    defined = value if denominator else float("nan")
    return Score(defined, len(molecules.smiles), molecules.empty, molecules.unparsable, denominator)


def _validity(molecules: MoleculeSet) -> Score:
    items = np.array([each is not None for each in molecules.canonical], dtype=np.float64)
    value = float(items.mean()) if len(items) else float("nan")
    return Score(value, len(items), molecules.empty, molecules.unparsable, len(items), items)


def _uniqueness(molecules: MoleculeSet, ks: Sequence[int]) -> Scores:
    valid = molecules.valid
    shares = {}
    for name, first in (("unique", valid), *((f"unique@{k}", valid[:k]) for k in ks)):
        shares[name] = _score(molecules, len(set(first)) / max(len(first), 1), len(first))
    return shares


def _novelty(molecules: MoleculeSet, train: Collection[str], team: Team) -> Scores:
    distinct = set(molecules.counts)
    seen = {"novelty": frozenset(train), "novelty_corrected": canonical_set(frozenset(train), team=team)}
    return {
        name: _score(molecules, len(distinct - known) / max(len(distinct), 1), len(distinct))
        for name, known in seen.items()
    }


def _internal_diversity(molecules: MoleculeSet, team: Team) -> Scores:
    n, weights = len(molecules.valid), _weights(molecules)
    if not n:
        return {name: _score(molecules, float("nan"), 0) for name in ("intdiv1", "intdiv2")}
    first, second = mean_similarities(_bits(molecules), weights, team) @ weights / n
    return {"intdiv1": _score(molecules, float(1.0 - first), n), "intdiv2": _score(molecules, float(1.0 - second), n)}


def _likeness(molecules: MoleculeSet, test: MoleculeSet, team: Team) -> Scores:
    n = len(molecules.valid)
    nearest = nearest_similarity(_bits(molecules), _bits(test), team)
    snn = float(nearest @ _weights(molecules)) / max(n, 1)
    frag = cosine_of_counts(_fragments(test), _fragments(molecules))
    scaf = cosine_of_counts(_scaffolds(test), _scaffolds(molecules))
    return {name: _score(molecules, value, n) for name, value in (("snn", snn), ("frag", frag), ("scaf", scaf))}


def _weights(molecules: MoleculeSet) -> NDArray[np.float64]:
    return np.array(list(molecules.counts.values()), dtype=np.float64)


def _bits(molecules: MoleculeSet) -> NDArray[np.uint8]:
    return packed_bits(bits for bits, *_ in molecules.facts.values())


def _fragments(molecules: MoleculeSet) -> Counter[str]:
    return weighted_counts((pieces, molecules.counts[name]) for name, (_, pieces, _) in molecules.facts.items())


def _scaffolds(molecules: MoleculeSet) -> Counter[str]:
    found = ((scaffold, molecules.counts[name]) for name, (_, _, scaffold) in molecules.facts.items())
    return weighted_counts(((scaffold,), count) for scaffold, count in found if scaffold is not None)


def cosine_of_counts(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Return the cosine similarity of two vectors of counts by name; NaN where either is empty.

    Examples
    --------
    >>> cosine_of_counts({"a": 1, "b": 1}, {"a": 2, "b": 2})
    1.0
    """
    if not first or not second:
        return float("nan")
    names = sorted(first.keys() | second.keys())
    a, b = (np.array([side.get(name, 0) for name in names], dtype=np.float64) for side in (first, second))
    return float(np.minimum(a @ b / np.sqrt((a @ a) * (b @ b)), 1.0))
