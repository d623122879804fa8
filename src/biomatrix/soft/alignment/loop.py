"""The training of a projector: same data, settings and seed, same steps, however often it was stopped.

Legend of shapes: n pairs, k vectors of an entity, d numbers of each.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from biomatrix.entities.files.folders import make_folder
from biomatrix.errors import ConfigurationError
from biomatrix.progress import Progress
from biomatrix.soft.alignment.batches import BatchOrder
from biomatrix.soft.alignment.objectives import Objective
from biomatrix.soft.alignment.run_state import RunState, load_state, save_state
from biomatrix.soft.alignment.settings import AlignmentSettings
from biomatrix.soft.projector import Projector

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOSSES_FILE: Final = "losses.jsonl"
_WARM_UP: Final = 0.1
_EVALUATED: Final = 1024
"""Held-out pairs whose loss is taken at once; the loss grows with the batch, so it is always the same."""


@dataclass(frozen=True)
class Aligned:
    """What a run came to.

    Parameters
    ----------
    steps, skipped : int
        Steps done, and those of them whose batch held one key only.
    epochs : int
        That were begun.
    best_epoch : int
        Whose weights were kept; the last where nothing was held out.
    loss : float
        Of the last batch that had one.
    held_out_loss : float
        The lowest; NaN where nothing was held out.
    held_out : tuple of int
        The pairs that only told when to stop.
    held_out_by : str
        ``key`` or ``pair``.
    temperature : float
        NaN where the objective has none.
    """

    steps: int
    skipped: int
    epochs: int
    best_epoch: int
    loss: float
    held_out_loss: float
    held_out: tuple[int, ...]
    held_out_by: str
    temperature: float


def held_out_pairs(keys: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.int64], str]:
    """Return the pairs that only tell when to stop, and what was drawn.

    Whole keys are drawn where there is one for every second pair or more, so that nothing of a held-out molecule is
    trained on; single pairs where few keys cover all, as those of cell types, which must all be seen.
    """
    rng = np.random.default_rng([seed, 1])
    names = np.unique(keys)
    if 2 * len(names) >= len(keys):
        drawn = rng.permutation(names)[: round(share * len(names))]
        return np.flatnonzero(np.isin(keys, drawn)), "key"
    return np.sort(rng.permutation(len(keys))[: round(share * len(keys))]), "pair"


def align_projector(
    projector: Projector,
    vectors: NDArray[np.float32],
    keys: NDArray[np.int64],
    objective: Objective,
    settings: AlignmentSettings,
    folder: Path | None = None,
    label: str = "align",
) -> Aligned:
    """Train a projector in place on pairs, and leave it as it was at its best.

    Parameters
    ----------
    projector : Projector
        Trained, and left in evaluation mode. Its parameters alone change, and the temperature.
    vectors : ndarray, shape=(n, k, d), dtype=float32
        Of the entities.
    keys : ndarray, shape=(n,), dtype=int64
    objective : Objective
        Knows the texts of the pairs by their numbers.
    settings : AlignmentSettings
    folder : Path, optional
        For checkpoints and losses; a run that was stopped there goes on.
    label : str
        Of the progress messages.

    Raises
    ------
    ConfigurationError
        The arrays do not fit, all keys are one, or the folder holds another run.
    """
    run = _Run(projector, vectors, keys, objective, settings, folder)
    progress = Progress(label, run.total, "steps")
    progress.advance(run.state.step, cached=True)
    for _ in run.steps():
        progress.advance()
    return run.finished()


class _Run:
    """A run between its steps."""

    def __init__(
        self,
        projector: Projector,
        vectors: NDArray[np.float32],
        keys: NDArray[np.int64],
        objective: Objective,
        settings: AlignmentSettings,
        folder: Path | None,
    ) -> None:
        if vectors.ndim != 3 or len(vectors) != len(keys):
            raise ConfigurationError(f"vectors [n, k, d] of {len(keys)} pairs are wanted, not {vectors.shape}")
        if len(np.unique(keys)) < 2:
            raise ConfigurationError("all pairs have one key: there is nothing to tell them apart from")
        self.projector, self.objective, self.settings, self.folder = projector, objective, settings, folder
        self.vectors = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
        out, self.held_by = held_out_pairs(keys, settings.held_out, settings.seed)
        self.held_out = torch.from_numpy(out)
        self.fitted = np.setdiff1d(np.arange(len(keys)), out)
        self.order = BatchOrder(keys[self.fitted], settings.batch_size, settings.seed, settings.distinct_keys)
        self.total = settings.epochs * self.order.per_epoch
        self.trained = nn.ModuleDict({"projector": projector, "objective": objective})
        self.optimiser = torch.optim.AdamW(_groups(self.trained, settings.weight_decay), lr=settings.learning_rate)
        self.state, self.best = RunState(self._identity(keys)), dict[str, Tensor]()
        self.loss = math.nan
        if folder is not None:
            make_folder(folder)
            found = load_state(folder, self.state.identity, self.trained, self.optimiser)
            if found is not None:
                self.state, self.best = found
            self._cut_losses()

    def steps(self) -> Iterator[int]:
        """Take the steps that are left, yielding the number of each."""
        while self.state.step < self.total and not self._is_exhausted():
            self._step()
            epoch, within = divmod(self.state.step, self.order.per_epoch)
            if within == 0:
                self._evaluate(epoch)
            if self.folder is not None and self.state.step % self.settings.checkpoint_every == 0:
                save_state(self.folder, self.state, self.trained, self.optimiser, self.best)
            yield self.state.step

    def finished(self) -> Aligned:
        """Return what the run came to; the projector has its best weights."""
        if self.folder is not None:
            save_state(self.folder, self.state, self.trained, self.optimiser, self.best)
        if self.best:
            self.trained.load_state_dict(self.best)
        self.projector.eval()
        epochs = -(-self.state.step // self.order.per_epoch)
        measured = bool(self.state.best_epoch)
        temperature = self.objective.temperature
        return Aligned(
            self.state.step,
            self.state.skipped,
            epochs,
            self.state.best_epoch if measured else epochs,
            self.loss,
            self.state.best_loss if measured else math.nan,
            tuple(self.held_out.tolist()),
            self.held_by if len(self.held_out) else "",
            math.nan if temperature is None else temperature,
        )

    def _step(self) -> None:
        step = self.state.step
        chosen = self.fitted[self.order.batch(step)]
        pairs = torch.from_numpy(chosen)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * _share_of_rate(step, self.total)
        self.projector.train()
        with torch.random.fork_rng(devices=[]):
            # Dropout reads the global generator: each step begins it anew, so that a resumed run drops the same.
            seed = int(np.random.SeedSequence([self.settings.seed, step]).generate_state(1)[0])
            torch.manual_seed(seed)
            given = dropout(self.vectors[pairs], self.settings.input_dropout)
            loss = self.objective(self.projector, given, pairs, torch.Generator().manual_seed(seed))
        self.state.step += 1
        if loss is None:
            self.state.skipped += 1
        else:
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.objective.after_step()
            self.loss = loss.item()
            if not math.isfinite(self.loss):
                raise ConfigurationError(f"the loss is {self.loss}; give a lower learning rate", position=step + 1)
        self._note(step, chosen, None if loss is None else self.loss)

    def _evaluate(self, epoch: int) -> None:
        if not len(self.held_out):
            return
        self.projector.eval()
        losses = []
        with torch.no_grad():
            for chosen in torch.split(self.held_out, _EVALUATED):
                generator = torch.Generator().manual_seed(self.settings.seed)
                found = self.objective(self.projector, self.vectors[chosen], chosen, generator)
                losses += [] if found is None else [found.item()] * len(chosen)
        if not losses:
            return
        measured = sum(losses) / len(losses)
        if measured < self.state.best_loss:
            self.state.best_loss, self.state.best_epoch, self.state.worse = measured, epoch, 0
            self.best = {name: t.detach().clone() for name, t in self.trained.state_dict().items()}
        else:
            self.state.worse += 1

    def _is_exhausted(self) -> bool:
        return self.state.worse >= self.settings.patience

    def _identity(self, keys: NDArray[np.int64]) -> str:
        made = hashlib.sha256(json.dumps([asdict(self.settings), self.objective.name], sort_keys=True).encode())
        made.update(np.ascontiguousarray(self.vectors.numpy()).tobytes() + np.ascontiguousarray(keys).tobytes())
        for name, tensor in self.trained.state_dict().items():
            made.update(f"{name} {tuple(tensor.shape)}".encode() + tensor.detach().numpy().tobytes())
        made.update(self.objective.content())
        return made.hexdigest()

    def _note(self, step: int, chosen: NDArray[np.int64], loss: float | None) -> None:
        if self.folder is None:
            return
        batch = hashlib.sha256(chosen.tobytes()).hexdigest()[:16]
        with (self.folder / LOSSES_FILE).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step + 1, "batch": batch, "loss": loss}) + "\n")

    def _cut_losses(self) -> None:
        """Cut off the losses past the checkpoint, whose steps are taken again."""
        path = (self.folder or Path()) / LOSSES_FILE
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[: self.state.step]
            path.write_text("".join(lines), encoding="utf-8")


def _share_of_rate(step: int, total: int) -> float:
    done, warm = (step + 1) / max(total, 1), _WARM_UP
    return done / warm if done < warm else 0.5 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))


def _groups(trained: nn.Module, decay: float) -> list[dict[str, object]]:
    wanted = [(name, p) for name, p in trained.named_parameters() if p.requires_grad]
    matrices = [p for name, p in wanted if p.ndim > 1 and not name.endswith("learned")]
    others = [p for name, p in wanted if p.ndim <= 1 or name.endswith("learned")]
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
