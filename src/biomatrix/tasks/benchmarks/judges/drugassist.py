"""The judge of MolOpt-Instructions: success and validity of each criterion over the answers to its own wording.

Solubility, BBBP and hERG of the official evaluation come from a closed service. The stored values of the official
molecules count here; any other answer is looked up with a scorer registered as ``esol``, ``bbbp`` or ``hergc10``, and
is left out where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.metrics.drugassist.answers import read_answer
from biomatrix.metrics.drugassist.scores import CRITERIA, optimisation_scores
from biomatrix.metrics.parsed_molecules import parsed
from biomatrix.metrics.scores import Score, Scores
from biomatrix.tasks.benchmarks.examples import FOLDER, Example, Prediction
from biomatrix.tasks.benchmarks.loaders.molopt import stored_properties
from biomatrix.tasks.benchmarks.scorers.learned_scorers import learned_scores

LEARNED: Final = ("esol", "bbbp", "hergc10")

Values = dict[tuple[str, str], float]
"""By SMILES and property."""


def _answer(prediction: Prediction) -> str:
    """Return the SMILES that an answer is, or that its words hold."""
    return prediction.text if prediction.entity is not None else read_answer(prediction.text)


def success(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``correct`` and ``validity`` of both criteria; no number where no answer's properties are known."""
    objective = str(settings["objective"])
    answers = [_answer(each) for each in predictions]
    values, unknown = _known_values(objective, predictions, examples, answers)
    scores: dict[str, Score] = {}
    for criterion in CRITERIA:
        chosen = [number for number, each in enumerate(examples) if each.facts["criterion"] == criterion]
        sources = [str(examples[number].facts["molecule"]) for number in chosen]
        given = [answers[number] for number in chosen]
        found = optimisation_scores(objective, sources, given, lambda smiles, name: values.get((smiles, name)))
        scores |= {
            name: _among(score, chosen, len(examples), unknown)
            for name, score in found.items()
            if f"_{criterion}" in name
        }
    return scores


def _among(score: Score, chosen: Sequence[int], total: int, reason: str) -> Score:
    """Return the score of some answers as one of all of them, to which the others contribute nothing."""
    items = np.full(total, np.nan)
    items[list(chosen)] = score.items
    return replace(score, n=total, items=items, reason=reason)


def _known_values(
    objective: str, predictions: Sequence[Prediction], examples: Sequence[Example], answers: Sequence[str]
) -> tuple[Values, str]:
    """Return the learned properties that an objective needs, of the sources and answers, and which are not known."""
    needed = [name for name in LEARNED if name.removesuffix("c10") in objective]
    if not needed:
        return {}, ""
    folder = next((str(each.facts[FOLDER]) for each in examples if FOLDER in each.facts), None)
    stored = {} if folder is None else stored_values(folder)
    values: Values = {}
    reasons = []
    for name in needed:
        values |= {(smiles, name): properties[name] for smiles, properties in stored.items() if name in properties}
        others = [each for each in range(len(answers)) if (_canonical(answers[each]), name) not in values]
        values |= {
            (answer, name): values[known, name] for answer in answers if ((known := _canonical(answer)), name) in values
        }
        found = _predicted(name, others, predictions, examples, answers)
        if found is None:
            reasons.append(f"{name} of an answer that is none of the official molecules is not known")
        values |= found or {}
    left_out = "; such answers are left out, for no predictor is registered"
    return values, ", ".join(reasons) + left_out if reasons else ""


@lru_cache(maxsize=4)
def stored_values(folder: str) -> dict[str, dict[str, float]]:
    """Return the stored values of the official molecules, by SMILES as written and as RDKit writes it."""
    found = stored_properties(Path(folder))
    return found | {_canonical(smiles): values for smiles, values in found.items()}


def _predicted(
    name: str,
    others: Sequence[int],
    predictions: Sequence[Prediction],
    examples: Sequence[Example],
    answers: Sequence[str],
) -> Values | None:
    """Return what a registered scorer says of the answers at these places; None where there are some and no scorer."""
    score = learned_scores([name], [predictions[each] for each in others], [examples[each] for each in others])[name]
    if score.items is None:
        return None if others else {}
    found = zip(others, score.items.tolist(), strict=True)
    return {(answers[each], name): value for each, value in found if value == value}


def _canonical(smiles: str) -> str:
    """Return the canonical SMILES, and what is none as it is."""
    from rdkit import Chem

    mol = parsed(smiles).mol if smiles else None
    return smiles if mol is None else str(Chem.MolToSmiles(mol))
