"""Where a run's figures go beside its JSON lines: TensorBoard event files, Weights & Biases.

Both are extras. Nothing of either is imported before a recipe asks for it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

from biomatrix.entities.files.folders import make_folder
from biomatrix.errors import ConfigurationError
from biomatrix.training.log_settings import LogSection
from biomatrix.training.progress import MetricsLog

TENSORBOARD: Final = "tensorboard"
HELD_OUT, HELD_OUT_AVERAGED = "held_out", "held_out_averaged"
"""The names in metrics of held-out losses: of the weights, and of their moving average."""
VIEW: Final = "view:"
"""What stands before the name of a view or task among held-out losses, which are else by modality."""


class Tracker(Protocol):
    """Something that keeps numbers by name and step."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Keep the values of one step."""
        ...

    def close(self) -> None:
        """Write what is still held back."""
        ...


class RunLog(MetricsLog):
    """The metrics file of a run, and the trackers that are told the same.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    resumed_step : int
        The step from which training goes on; 0 begins a new file.
    trackers : sequence of Tracker

    Attributes
    ----------
    measured : set of int
        Steps up to the resumed one whose held-out losses the file holds already.
    """

    def __init__(self, path: Path, resumed_step: int = 0, trackers: tuple[Tracker, ...] = ()) -> None:
        super().__init__(path, resumed_step)
        self.trackers = trackers
        self.measured = {line["step"] for line in self.kept if HELD_OUT in line}

    def write(self, **values: Any) -> None:
        """Append one line; ``step`` must be among the values. JSON knows finite numbers alone: others are left out."""
        values = {name: value for name, value in values.items() if not _is_no_number(value)}
        super().write(**values)
        scalars = dict(scalars_of(values))
        for tracker in self.trackers:
            tracker.write(values["step"], scalars)

    def close(self) -> None:
        """Close the trackers; the file needs no closing."""
        for tracker in self.trackers:
            tracker.close()


def _is_no_number(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def scalars_of(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a line of metrics by the names that trackers show them under.

    Examples
    --------
    >>> dict(scalars_of({"step": 5, "loss": 2.0}))
    {'train/loss': 2.0}
    >>> dict(scalars_of({"step": 5, "held_out": {"text": {"nats": 3.0, "tokens": 7}, "view:fold": {"nats": 2.0}}}))
    {'held_out_by_modality/text': 3.0, 'held_out_by_task/fold': 2.0}
    """
    for name, value in line.items():
        if name in (HELD_OUT, HELD_OUT_AVERAGED):
            for part, figures in value.items():
                kind = "task" if part.startswith(VIEW) else "modality"
                yield f"{name}_by_{kind}/{part.removeprefix(VIEW)}", float(figures["nats"])
        elif name != "step" and isinstance(value, (int, float)):
            yield f"train/{name}", float(value)


def check_trackers(settings: LogSection) -> None:
    """Raise ConfigurationError where a recipe asks for a package that is not installed."""
    for asked, package, setting in (
        (settings.tensorboard, TENSORBOARD, "log.tensorboard"),
        (settings.wandb, "wandb", "log.wandb"),
    ):
        if asked and find_spec(package) is None:
            raise ConfigurationError(
                f"{setting} needs {package}, which is not installed: pip install 'biomatrix[{package}]'"
            )


def open_trackers(
    settings: LogSection, output: Path, resumed_step: int, recipe: Mapping[str, Any]
) -> tuple[Tracker, ...]:
    """Return the trackers that a recipe asks for.

    Parameters
    ----------
    settings : LogSection
    output : Path
        The run's folder.
    resumed_step : int
        The step from which training goes on: what was written past it is void.
    recipe : mapping
        The settings of the run, as JSON values, for trackers that show them.
    """
    check_trackers(settings)
    found: list[Tracker] = []
    if settings.tensorboard:
        found.append(EventFiles(output / TENSORBOARD, resumed_step))
    if settings.wandb:
        found.append(WeightsAndBiases(settings.wandb, output, recipe))
    return tuple(found)


class EventFiles:
    """TensorBoard event files.

    Parameters
    ----------
    folder : Path
    resumed_step : int
        Above 0, later steps of files that are already there are hidden.
    """

    def __init__(self, folder: Path, resumed_step: int = 0) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        make_folder(folder)
        writer: Any = SummaryWriter
        self._writer = writer(str(folder), purge_step=resumed_step + 1 if resumed_step else None)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of one step, so that they can be seen at once."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


class WeightsAndBiases:
    """A run of Weights & Biases; one that goes on in the same folder is the same run there.

    Parameters
    ----------
    project : str
    output : Path
        The run's folder, which names it.
    recipe : mapping
        Shown as its configuration.

    Raises
    ------
    ConfigurationError
        The service refuses, or cannot be reached.
    """

    def __init__(self, project: str, output: Path, recipe: Mapping[str, Any]) -> None:
        import wandb

        service: Any = wandb
        name = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
        try:
            self._run = service.init(
                project=project, name=output.name, id=name, resume="allow", dir=str(output), config=dict(recipe)
            )
        except service.Error as error:
            reason = " ".join(str(error).split())
            raise ConfigurationError(
                f"log.wandb: {reason}; log in with wandb login, or set WANDB_MODE=offline"
            ) from error
        # Steps of a run that goes on from a checkpoint come again, which W&B's own counter does not allow.
        self._run.define_metric("*", step_metric="step")

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Report the values of one step."""
        self._run.log({"step": step, **values})

    def close(self) -> None:
        """Say that the run has ended."""
        self._run.finish()
