"""Runs that are kept: a finished one is read, one that was killed goes on from its checkpoint."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.corpus.slices import fingerprint
from biomatrix.entities.files.writing import write_whole
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.pretraining import open_run
from training_runs.settings import RunCorpus, RunSettings, recipe

if TYPE_CHECKING:
    from biomatrix.training import Recipe, TrainingResult
    from biomatrix.training.batches import Documents
    from biomatrix.training.loop import Trainer

Measure = Callable[["Trainer"], Mapping[str, float]]
"""Further figures of a trained model."""
FIGURES = "figures.json"
_HOW = ("threads", "log_every", "save_every", "output")
"""Settings of a recipe's run that do not alter its figures."""
logger = logging.getLogger("biomatrix.training")


@dataclass(frozen=True)
class RunFigures:
    """What is known of a finished run.

    Parameters
    ----------
    steps, learned : int
        Steps of the optimiser, and the tokens predicted in them.
    decoder, rows : int
        Parameters of the layers, and of the embedding.
    held_out : dict
        By modality, ``view:<kind>`` and "all": ``nats`` and ``bits`` a token, and ``tokens``.
    measured : dict of str to float
        Further figures.
    seconds : float
        That this part of it took.
    """

    steps: int
    learned: int
    decoder: int
    rows: int
    held_out: dict[str, dict[str, float]]
    measured: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def total_bits(self, part: str) -> float:
        """Return the bits of all held-out tokens of a part."""
        return self.held_out[part]["bits"] * self.held_out[part]["tokens"]


@dataclass(frozen=True)
class KeptRuns:
    """Runs in a folder, each in one of its own that is named by what the run depends on.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    def place(self, name: str, settings: RunSettings, corpus: RunCorpus, *depends: object) -> Path:
        """Return the folder of a run; ``depends`` is what its figures depend on besides."""
        said = recipe(settings, corpus, self.folder).model_dump(mode="json", exclude={"data", "log"})
        for key in _HOW:
            del said["run"][key]
        del said["model"]["vocabulary"]
        identity = (corpus.shards.fingerprint, [held.fingerprint for held in corpus.held_out.values()])
        return self.folder / f"{name}-{fingerprint(said, identity, *depends)[:8]}"

    def run(
        self,
        name: str,
        settings: RunSettings,
        corpus: RunCorpus,
        *,
        held_out: Mapping[str, Documents] | None = None,
        measure: Measure | None = None,
        depends: object = None,
        begin: Callable[[Path], None] | None = None,
    ) -> RunFigures:
        """Return the figures of a run, trained now or before.

        Parameters
        ----------
        name : str
            Stands at the beginning of its folder's name.
        settings : RunSettings
        corpus : RunCorpus
        held_out : mapping of str to Documents, optional
            What to measure on in place of the held-out documents of the corpus.
        measure : callable, optional
            Gives further figures of the trained model.
        depends : object, optional
            What ``held_out`` and ``measure`` depend on, so that other ones are another run.
        begin : callable, optional
            Puts a checkpoint into the empty folder of a run that has none.

        Raises
        ------
        SystemExit
            A signal has stopped the run; it goes on when the same command is given again.
        """
        output = self.place(name, settings, corpus, depends)
        if (output / FIGURES).is_file():
            logger.info("%s: finished before", name)
            return RunFigures(**json.loads((output / FIGURES).read_text(encoding="utf-8")))
        if begin is not None and not checkpoints(output):
            begin(output)
        logger.info("%s: %d steps", name, settings.steps)
        started = time.perf_counter()
        trainer, result = trained(recipe(settings, corpus, output), held_out)
        measured = dict(measure(trainer)) if measure is not None else {}
        trainer.close()
        sizes = parameters(trainer)
        seconds = time.perf_counter() - started
        found = RunFigures(result.step, trainer.state.tokens, *sizes, result.held_out, measured, seconds)
        write_whole(output / FIGURES, json.dumps(asdict(found), indent=1).encode())
        for checkpoint in checkpoints(output):
            shutil.rmtree(checkpoint)
        return found


def trained(recipe: Recipe, held_out: Mapping[str, Documents] | None = None) -> tuple[Trainer, TrainingResult]:
    """Train to the end of a recipe, from its newest checkpoint where it has one; SystemExit where a signal stops it.

    Parameters
    ----------
    recipe : Recipe
    held_out : mapping of str to Documents, optional
        What to measure on in place of the held-out documents of the corpus; empty for nothing.
    """
    trainer = open_run(recipe)
    if held_out is not None:
        trainer.held_out = dict(held_out)
    trainer.resume()
    result = trainer.train()
    if not result.finished:
        raise SystemExit(f"stopped at step {result.step} of {recipe.run.output}; give the same command to go on")
    return trainer, result


def parameters(trainer: Trainer) -> tuple[int, int]:
    """Return the parameters of a model's layers and of its embedding."""
    table: Any = trainer.model.get_input_embeddings()  # type: ignore[no-untyped-call]
    whole = sum(parameter.numel() for parameter in trainer.model.parameters())
    rows = int(table.weight.numel())
    return whole - rows, rows
