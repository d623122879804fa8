"""Judges of folding, inverse folding, and generated proteins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.modality_registry import modality
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.metrics import protein_design
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.scorers.learned_scorers import learned_scores
from biomatrix.tasks.benchmarks.scorers.protein_scorers import consistency, designability, filled
from biomatrix.tasks.benchmarks.spelled_answers import between

_PARTS: Final = ("protein_sequence", "protein_structure")


def folding(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return TM-scores and RMSD of predicted backbones; one of another length than the native is no prediction."""
    native = [_backbone(each.target) for each in examples]
    return protein_design.folding(
        [_of_length(_backbone(each.entity), known) for each, known in zip(predictions, native, strict=True)],
        [np.zeros((0, 3, 3)) if known is None else known for known in native],
    )


def inverse_folding(
    predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]
) -> Scores:
    """Return the recovery of native sequences, and how well designs fold back where there is a predictor."""
    designed = ["" if each.fault else each.text for each in predictions]
    recovery = protein_design.recovery(designed, [each.references[0] for each in examples])
    # A residue of unknown type is folded as alanine by the predictor itself.
    native = [_backbone(each.target) for each in examples]
    folded = filled(learned_scores(["sctm"], predictions, examples), lambda: consistency(native, designed))
    return {**recovery, **folded}


def cogeneration(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return how well the sequence of an answer folds into its structure, in whichever order they stand."""
    joined = [_together(each) for each in predictions]
    whole = [_backbone(each.entity) for each in joined]
    letters = ["" if each.fault else each.text for each in joined]
    scores = learned_scores(["sctm", "scrmsd", "plddt"], joined, examples)
    return filled(scores, lambda: consistency(whole, letters))


def backbones(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return how well sequences designed for generated backbones fold back."""
    scores = learned_scores(["sctm", "scrmsd"], predictions, examples, "_of_backbone")
    return filled(scores, lambda: designability([_backbone(each.entity) for each in predictions]))


def _together(prediction: Prediction) -> Prediction:
    """Return the prediction whose entity is the one that an answer spells in two parts: a sequence and a structure."""
    if prediction.entity is not None or prediction.fault:
        return prediction
    try:
        sequence, structure = (_part(prediction.text, name) for name in _PARTS)
        # The structure is decoded without residue types; they come from the other part.
        joined = replace(structure, sequence=sequence.sequence)
        return Prediction(sequence.sequence, joined)
    except ConfigurationError:
        raise
    except BioMatrixError as error:
        return Prediction(prediction.text, None, error.describe())


def _part(text: str, name: str) -> Any:
    spelling = modality(name)
    return spelling.decode(spelling.split(between(text, spelling.start_token, spelling.end_token) or ""))


def _backbone(entity: Any) -> NDArray[np.float32] | None:
    found: NDArray[np.float32] | None = getattr(entity, "backbone", None)
    return found


def _of_length(found: NDArray[np.float32] | None, known: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    return found if found is not None and known is not None and len(found) == len(known) else None
