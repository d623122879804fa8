"""A decoder that reads control cells of a type it never saw and says which known types they are like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from biomatrix.evaluation.baselines.cells.perturbation import UnseenType, carried_share, weighted_response
from biomatrix.evaluation.cells.labelled_cells import LabelledCells
from biomatrix.evaluation.cells.split import Split
from cells.annotator import Annotator, AnnotatorSettings

SETTINGS = replace(AnnotatorSettings(), width=64, epochs=15, embedding_rate=3e-3)


def decoder_response(
    cells: LabelledCells, split: Split, settings: AnnotatorSettings = SETTINGS
) -> Callable[[UnseenType], NDArray[np.float64]]:
    """Return the response by the types that a decoder takes the asked control cells for.

    For each asked type one decoder is trained on the control cells of the other types in the training donors; its mean
    probabilities over the asked control cells weigh their responses.
    """
    log = cells.log_values()
    control = cells.columns["condition"] == "ctrl"

    def predict(asked: UnseenType) -> NDArray[np.float64]:
        known = split.train & control & (cells.labels != asked.name)
        fitted = Annotator(log[known], cells.labels[known], settings)
        read = split.test & control & (cells.labels == asked.name)
        mean = fitted.chances(log[read]).mean(axis=0)
        weights = dict(zip(fitted.vocabulary.types, mean.tolist(), strict=True))
        told = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items())
        print(f"{asked.name} is read as {told}; {fitted.seconds:.0f} s to train", flush=True)
        return weighted_response(asked, weights, carried_share(asked))

    return predict
