"""Going on: which checkpoint of a run is taken, where the newest may be damaged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from biomatrix.entities.files.in_use import held_alone
from biomatrix.errors import WeightsError
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.progress import logger
from biomatrix.training.training_state import TrainingState


def only_run(output: Path, main_process: bool) -> AbstractContextManager[None]:
    """Hold a run's folder against other runs while the block lasts; the main process does it for all of its run.

    Raises
    ------
    ConfigurationError
        Another run that lives writes here; one that was killed on this machine holds nothing.
    """
    refusal = "another run is training in this output folder; wait for its end, or give another folder"
    return held_alone(output.resolve(), refusal) if main_process else nullcontext()


def newest_whole(output: Path, restore: Callable[[Path], TrainingState]) -> tuple[Path, TrainingState] | None:
    """Return the newest checkpoint of a run that can be restored, with where it stood; None where there is none.

    Parameters
    ----------
    output : Path
        The run's folder.
    restore : callable
        Puts a checkpoint in place; it raises WeightsError, and changes nothing, where that one is damaged.

    Raises
    ------
    WeightsError
        No checkpoint can be read; the message names each.
    """
    damaged: list[WeightsError] = []
    for checkpoint in reversed(checkpoints(output)):
        try:
            state = restore(checkpoint)
        except WeightsError as error:
            damaged.append(error)
            continue
        for reason in damaged:
            logger.warning("%s; going on from the older %s", reason, checkpoint.name)
        return checkpoint, state
    if damaged:
        reasons = "; ".join(map(str, damaged))
        raise WeightsError(
            f"no checkpoint in {output} is whole ({reasons}); restore one of them, or begin anew in another output "
            "folder"
        )
    return None
