"""Judges of molecules made with coordinates: against the test split of QM9, or by the value of a property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from biomatrix.entities import Molecule
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.fcd import fcd
from biomatrix.metrics.moses import moses
from biomatrix.metrics.qm9_3d.geometry import geometry_discrepancies
from biomatrix.metrics.qm9_3d.suite import distinct_smiles, metrics_2d, metrics_3d, rebuild, standing
from biomatrix.metrics.scores import Scores, mean_score
from biomatrix.tasks.benchmarks.examples import FOLDER, Example, Prediction
from biomatrix.tasks.benchmarks.official_files.qm9_tables import conformers
from biomatrix.tasks.benchmarks.rows.qm9_splits import split_records
from biomatrix.tasks.benchmarks.scorers.learned_scorers import learned_scores

if TYPE_CHECKING:
    from rdkit import Chem


def unconditional(
    predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]
) -> Scores:
    """Return the metrics of graphs (``2d_``) and of coordinates (``3d_``) against the data that the examples name.

    Answers that are no molecule count against every share; distances compare the molecules that there are.
    """
    generated = [molecule_of(each) for each in predictions]
    folder, file = reference_of(examples)
    test, train = split_molecules(folder, file, "test"), training_smiles(folder, file)
    known, plain = distinct_smiles(test), distinct_smiles(generated)
    likeness = moses(plain, (), known)
    there = [mol for mol in generated if mol is not None]
    return {
        **metrics_2d(generated, train),
        **metrics_3d(generated, train),
        **{f"2d_{name}": likeness[name] for name in ("snn", "frag", "scaf")},
        "2d_fcd": fcd(plain, known)["fcd"],
        "3d_fcd": fcd(distinct_smiles(rebuild(generated)), known)["fcd"],
        **geometry_discrepancies(there, test),
    }


def conditional(predictions: Sequence[Prediction], examples: Sequence[Example], settings: Mapping[str, Any]) -> Scores:
    """Return ``mae``, the mean of how far the property of each answer is from the value asked for.

    The property is what a scorer registered under its name (``mu``, ``alpha``, ``cv``, ``homo``, ``lumo``, ``gap``)
    says, officially the EGNN classifier of EDM: in the unit of the request, the heat capacity above that of the free
    atoms. Without one there is no number.
    """
    name = str(settings["property"])
    found = learned_scores([name], predictions, examples)[name]
    if found.items is None:
        return {"mae": found}
    asked = np.asarray([each.facts["value"] for each in examples], dtype=np.float64)
    return {"mae": mean_score(np.abs(found.items - asked), empty=found.empty, unparsable=found.unparsable)}


def molecule_of(prediction: Prediction) -> Chem.Mol | None:
    """Return the molecule of an answer with every hydrogen; None where it states none with coordinates."""
    if prediction.entity is None or not prediction.entity.has_structure:
        return None
    return cast("Molecule", prediction.entity).with_hydrogens().mol


def reference_of(examples: Sequence[Example]) -> tuple[str, str]:
    """Return the folder and the file that the examples were read from; ConfigurationError where they name none."""
    fact = examples[0].facts.get("reference") if examples else None
    if fact is None:
        raise ConfigurationError("molecules are compared with the data they follow, and the examples name none")
    return fact[FOLDER], fact["file"]


@lru_cache(maxsize=2)
def split_molecules(folder: str, file: str, split: str) -> tuple[Chem.Mol, ...]:
    """Return the molecules of a split with every hydrogen, those that cannot be read left out."""
    table = conformers(Path(folder), file)
    found = table.molecules(split_records(table.kept, split))
    return tuple(each.with_hydrogens().mol for _, each in found if not isinstance(each, Reject))


@lru_cache(maxsize=2)
def training_smiles(folder: str, file: str) -> frozenset[str]:
    """Return the SMILES of the training split, hydrogens implicit."""
    table = conformers(Path(folder), file)
    found = table.molecules(split_records(table.kept, "train"))
    written = (standing(each.mol).largest for _, each in found if not isinstance(each, Reject))
    return frozenset(each for each in written if each is not None)
