"""Learned predictors of molecular properties as scorers of answers: of a conformer, or of a SMILES string."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.learned.registry import load_scorer
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judges.drugassist import LEARNED
from biomatrix.tasks.benchmarks.judges.qm9 import molecule_of
from biomatrix.tasks.benchmarks.official_files.qm9_tables import ELECTRONVOLT, ENERGIES
from biomatrix.tasks.benchmarks.scorers.learned_scorers import Scorer, register_scorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rdkit import Chem

CONFORMER_PROPERTIES: Final = ("mu", "alpha", "cv", *ENERGIES)
"""Judged on coordinates, each by a classifier of its own."""


class ConformerPredictor(Protocol):
    """Predicts a property from coordinates: energies in eV, the heat capacity above that of the free atoms."""

    def predict(self, mols: Sequence[Chem.Mol | None]) -> NDArray[np.float64]:
        """Return one value for each, NaN where there is none."""


class StringPredictor(Protocol):
    """Predicts a property from SMILES."""

    def predict(self, smiles: Sequence[str]) -> NDArray[np.float64]:
        """Return one value for each, NaN where there is none."""


def conformer_scorer(name: str, predictor: ConformerPredictor) -> Scorer:
    """Return a scorer that gives each answer's property in the unit of the request."""
    scale = ELECTRONVOLT if name in ENERGIES else 1.0

    def score(predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float]:
        return [scale * float(value) for value in predictor.predict([molecule_of(each) for each in predictions])]

    return score


def string_scorer(predictor: StringPredictor) -> Scorer:
    """Return a scorer that gives the property of each answer's molecule."""

    def score(predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float]:
        return [float(value) for value in predictor.predict([each.stated for each in predictions])]

    return score


def register_predictors(sources: Mapping[str, str | Path], device: str = "cpu") -> None:
    """Load predictors and use them from now on.

    Parameters
    ----------
    sources : mapping of str to str or Path
        By property: of :data:`CONFORMER_PROPERTIES`, an EGNN classifier; ``esol``, ``bbbp`` or ``hergc10``, a predictor
        of your own.
    device : str

    Raises
    ------
    ConfigurationError
        There is no such property, or its weights are not there.
    """
    for name, source in sources.items():
        if name in CONFORMER_PROPERTIES:
            register_scorer(name, conformer_scorer(name, load_scorer("egnn", source, device)))
        elif name in LEARNED:
            register_scorer(name, string_scorer(load_scorer("property", source, device)))
        else:
            raise ConfigurationError(
                f"no learned property {name!r}; {choices(name, [*CONFORMER_PROPERTIES, *LEARNED])}"
            )
