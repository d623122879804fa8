"""What recipes of molecule tokenizers share: which molecules to learn from, and what the folder records about them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray
from pydantic import Field

from biomatrix.entities.molecule.structure.gathering import DataTable, gather, without_hydrogens
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.same_run import begin_or_go_on
from biomatrix.entities.settings import LARGEST_INTEGER, Section, checked
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, EntitySource, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError

LOG = logging.getLogger(__name__)
CHECKPOINT_FILE = "checkpoint.safetensors"
HELD_OUT = "molecules for which biomatrix.corpus.holdout.is_held_out is true (1 in 50), and published test sets"

Tensors = Mapping[str, NDArray[Any]]
Settings = TypeVar("Settings")


class MoleculeTokenizerRecipe(Section):
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

    seed: int = Field(default=0, ge=0, le=LARGEST_INTEGER)
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
    may_change: Collection[str] = (),
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
    may_change : collection of str
        Settings of the fit that a run may go on with changed.

    Raises
    ------
    ConfigurationError
        Settings that the recipe or the fit does not know, or of the wrong type; a folder in which a run with other
        settings or data was begun.
    """
    plan = checked(recipe.settings, MoleculeTokenizerRecipe, recipe.file)
    if "seed" in plan.fitting:
        raise ConfigurationError("fitting.seed: the seed stands above all tables, as `seed`", file=str(recipe.file))
    settings = checked({"seed": plan.seed, **plan.fitting}, form, recipe.file, inside=("fitting",))
    data = [sources.open(table.source) for table in plan.data]
    begin_or_go_on(
        output,
        _run_settings(recipe, plan, settings, data),
        (CHECKPOINT_FILE, FOLDER),
        [f"fitting.{name}" for name in may_change],
    )
    molecules: list[PreparedMolecule] = []
    about: list[dict[str, Any]] = []
    for number, (table, source) in enumerate(zip(plan.data, data, strict=True)):
        path = output / "molecules" / f"{number}_{table.source}.sdf"
        gathered, record = gather(table, source, f"{plan.seed} {number}", path)
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


def _run_settings(
    recipe: TokenizerRecipe, plan: MoleculeTokenizerRecipe, settings: object, data: Sequence[EntitySource]
) -> dict[str, Any]:
    """Return everything that the weights depend on, the content of the sources included."""
    return {
        "architecture": recipe.architecture,
        **plan.model_dump(exclude={"data", "stated_error"}),
        "data": [
            {**table.model_dump(), "content": source.fingerprint} for table, source in zip(plan.data, data, strict=True)
        ],
        "fitting": asdict(settings),  # type: ignore[call-overload]
    }
