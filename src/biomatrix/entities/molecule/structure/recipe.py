"""What recipes of molecule tokenizers share: which molecules to learn from, and what the folder records about them."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from biomatrix.entities.molecule.structure.gathering import DataTable, gather, without_hydrogens
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.settings import checked, faults_of
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError

LOG = logging.getLogger(__name__)
HELD_OUT = "molecules for which biomatrix.corpus.holdout.is_held_out is true (1 in 50), and published test sets"

Tensors = Mapping[str, NDArray[Any]]
Settings = TypeVar("Settings")


class MoleculeTokenizerRecipe(BaseModel):
    """Everything a molecule tokenizer's weights depend on, its architecture aside.

    Parameters
    ----------
    seed : int
    data : tuple of DataTable
        At least one.
    without_hydrogens : float
        Share of the molecules, 0 to 1, that are used a second time without hydrogens, so that the codes suit such
        molecules too.
    stated_error : float
        RMSD in Angstrom past which self-examination fails.
    fitting : dict
        The settings of the architecture's fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    data: tuple[DataTable, ...] = Field(min_length=1)
    without_hydrogens: float = Field(default=0.0, ge=0.0, le=1.0)
    stated_error: float = Field(default=0.5, gt=0.0)
    fitting: dict[str, Any] = Field(default_factory=dict)


def train_on_molecules(
    recipe: TokenizerRecipe,
    sources: TrainingSources,
    output: Path,
    form: type[Settings],
    fit: Callable[[Sequence[PreparedMolecule], Settings, Path], tuple[Tensors, Mapping[str, Any]]],
) -> TrainedWeights:
    """Gather molecules, fit, and write ``output/tokenizer``.

    A run that was stopped can be resumed: sources gathered before are read from ``output/molecules``, and fitting
    continues from its checkpoint.

    Parameters
    ----------
    recipe : TokenizerRecipe
    sources : TrainingSources
    output : Path
    form : type
        The dataclass of the fit's settings.
    fit : callable
        Takes the molecules, the settings and the output folder; returns the tensors, and the settings that alter codes.

    Raises
    ------
    ConfigurationError
        Settings that the recipe or the fit does not know, or of the wrong type.
    """
    plan = checked(recipe.settings, MoleculeTokenizerRecipe, recipe.file)
    settings = _fitting(plan, form, recipe.file)
    molecules: list[PreparedMolecule] = []
    about: list[dict[str, Any]] = []
    for number, table in enumerate(plan.data):
        rng = random.Random(f"{plan.seed} {number}")
        path = output / "molecules" / f"{number}_{table.source}.sdf"
        gathered, record = gather(table, sources.open(table.source), rng, path)
        molecules += gathered
        about.append(record)
    molecules += without_hydrogens(molecules, plan.without_hydrogens)
    LOG.info("%d conformers in all", len(molecules))
    tensors, choices = fit(molecules, settings, output)
    config = {
        "architecture": recipe.architecture,
        "settings": dict(choices),
        "training": asdict(settings),  # type: ignore[call-overload]
        "training_data": about,
        "training_molecules": len(molecules),
        "without_hydrogens": plan.without_hydrogens,
        "held_out": HELD_OUT,
        "licence": "Apache-2.0",
        "stated_error": {"rmsd_angstrom": plan.stated_error},
    }
    return TrainedWeights(save_weights(output / FOLDER, config, tensors), {"molecules": len(molecules)})


def _fitting(plan: MoleculeTokenizerRecipe, form: type[Settings], file: Path) -> Settings:
    names = {field for field in getattr(form, "__dataclass_fields__", ()) if field != "seed"}
    unknown = sorted(plan.fitting.keys() - names)
    if unknown:
        raise ConfigurationError(
            f"fitting: unknown {', '.join(unknown)}; there are {', '.join(sorted(names))}", file=str(file)
        )
    try:
        return TypeAdapter(form).validate_python({"seed": plan.seed, **plan.fitting}, strict=False)
    except ValidationError as error:
        raise ConfigurationError(f"fitting: {faults_of(error)}", file=str(file)) from error
