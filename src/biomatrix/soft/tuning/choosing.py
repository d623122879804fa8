"""A whole recipe: the candidates it names are tried on held-out training examples, and the best one is run on all.

The test side is not looked at.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.soft.tuning.recipe import SoftRecipe
from biomatrix.soft.tuning.result import SoftTuningResult, Tried
from biomatrix.soft.tuning.run import SoftRun

log = logging.getLogger("biomatrix.training")


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Parameters
    ----------
    recipe : SoftRecipe
        Of the run that follows, on all training examples.
    tried : tuple of Tried
        In the order of the recipe; empty where it names no candidates.
    stopped : SoftTuningResult, optional
        Of the candidate whose run a signal ended before its time: nothing was chosen then.
    """

    recipe: SoftRecipe
    tried: tuple[Tried, ...] = ()
    stopped: SoftTuningResult | None = None

    @property
    def name(self) -> str:
        """The name of the best candidate; "" where there is none."""
        return min(self.tried, key=lambda one: one.nats).name if self.tried else ""


def soft_tune(recipe: SoftRecipe, *, resume: bool = True) -> SoftTuningResult:
    """Run a recipe to its end.

    Parameters
    ----------
    recipe : SoftRecipe
    resume : bool
        Go on from the newest checkpoint in the output folder, if there is one.

    Returns
    -------
    SoftTuningResult
        The decoder is in ``<output>/model``, its projector in ``<output>/projector``: open both with
        ``bm.load(model, soft=projector)``.
    """
    choice = choose(recipe, resume=resume)
    if choice.stopped is not None:
        return choice.stopped
    run = SoftRun(choice.recipe)
    try:
        return replace(run.tune(resume), tried=choice.tried)
    finally:
        run.trainer.close()


def choose(recipe: SoftRecipe, *, resume: bool = True) -> Choice:
    """Train every candidate of a recipe without what is held out, and return the recipe of the best one for all of it.

    Their runs lie below ``<output>/candidates``; those that ended before are not done again.

    Raises
    ------
    ConfigurationError
        No candidate could be trained; the reason of the first.
    """
    tried: list[Tried] = []
    for name in recipe.candidates:
        found = _tried(recipe, name, resume)
        if isinstance(found, SoftTuningResult):
            return Choice(recipe, tuple(tried), found)
        log.info("candidate %s: held-out loss %.4f after %d updates %s", name, found.nats, found.step, found.fault)
        tried.append(found)
    if not tried:
        return Choice(recipe)
    best = min(tried, key=lambda one: one.nats)
    if math.isinf(best.nats):
        raise ConfigurationError(f"no candidate could be trained; {tried[0].name}: {tried[0].fault}")
    return Choice(recipe.chosen(best.name, best.step), tuple(tried))


def _tried(recipe: SoftRecipe, name: str, resume: bool) -> Tried | SoftTuningResult:
    """Return what came of a candidate; how far its run came where that was stopped."""
    try:
        run = SoftRun(recipe.candidate(name))
        try:
            result = run.run_training(resume)
        finally:
            run.trainer.close()
    except BioMatrixError as error:
        return Tried(name, math.inf, 0, error.message)
    if not result.finished:
        return run.told(result)
    best = run.trainer.state.best
    if best is not None:
        return Tried(name, best.nats, best.step)
    measured = result.held_out_averaged or result.held_out
    return Tried(name, measured["all"]["nats"], result.step)
