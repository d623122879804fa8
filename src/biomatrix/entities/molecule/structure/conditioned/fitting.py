"""Fitting the codec: bond lengths by context, then codes by a Lloyd iteration in the frames of the search itself.

1. Lengths and spreads of all bonds, by context.
2. k-means on the meanings that place atoms exactly in their true frames gives the first shared meanings.
3. Rounds: encode a sample of molecules as the finished weights would, and move every meaning, shared and by context, to
   the mean of those that would have placed its atoms exactly; unused codes restart where the error is largest.

Every round draws from (seed, round) and is checkpointed, so that a resumed run gives the same as an uninterrupted one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.molecule.structure.conditioned.chemistry import MolecularGraph, gather, graph_of
from biomatrix.entities.molecule.structure.conditioned.contexts import length_keys
from biomatrix.entities.molecule.structure.conditioned.lengths import BondLengths
from biomatrix.entities.molecule.structure.conditioned.meanings import CodeMeanings
from biomatrix.entities.molecule.structure.conditioned.placement import frames_at, meanings_of
from biomatrix.entities.molecule.structure.conditioned.problem import Problem
from biomatrix.entities.molecule.structure.conditioned.references import FIRST
from biomatrix.entities.molecule.structure.conditioned.search import Costs, DirectionGrid, choose_codes
from biomatrix.entities.molecule.structure.conditioned.start import turned
from biomatrix.entities.molecule.structure.conditioned.weights import PLACE_LEVELS, tensors_of, weights_from
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.same_run import differences, told
from biomatrix.entities.training_checkpoint import read_training_checkpoint
from biomatrix.errors import ConfigurationError, WeightsError

Ints = NDArray[np.int64]
Sample = tuple[MolecularGraph, Array]
"""A molecule's graph, and its true positions [n, 3] in Angstrom turned into the starting frame."""

LOG = logging.getLogger(__name__)
CHECKPOINT_FILE = "checkpoint.safetensors"
_BATCH = 1000
_OUTLIER = 4.0
_DEAD = 3


@dataclass(frozen=True)
class FittingSettings:
    """How the codec is fitted.

    Parameters
    ----------
    num_codes : int
        8 to 32767.
    seed : int
    rounds : int
    per_round : int
        Molecules drawn per round.
    least_atoms : int
        Contexts with fewer atoms in a round get no row of their own.
    length_scale : float
        The weight of one spread of bond length relative to a unit of direction in k-means.
    bond_weight, rate_weight, correction_weight : float
        As in ``Costs``; the prices of bits and corrections apply from the third round on.
    candidates : int
        As in ``Costs``.
    closed_loop : bool
        Choose codes against the rebuilt geometry.

    Raises
    ------
    ConfigurationError
        A size out of range.
    """

    num_codes: int = 512
    seed: int = 0
    rounds: int = 12
    per_round: int = 25_000
    least_atoms: int = 60
    length_scale: float = 0.3
    bond_weight: float = 16.0
    rate_weight: float = 0.001
    correction_weight: float = 0.01
    candidates: int = 24
    closed_loop: bool = True

    def __post_init__(self) -> None:
        if not 8 <= self.num_codes <= 32767:
            raise ConfigurationError(f"num_codes is {self.num_codes}: 8 to 32767 codes fit int16 and the search")
        if self.rounds < 1 or self.per_round < 1:
            raise ConfigurationError("rounds and per_round must be at least 1")

    @property
    def costs(self) -> Costs:
        """What the search weighs from the third round on and in the finished weights."""
        return Costs(self.bond_weight, self.rate_weight, self.correction_weight, self.candidates)


def sample_of(item: PreparedMolecule) -> Sample:
    """Return the graph and the positions of a molecule for fitting."""
    return graph_of(item), turned(item.positions, np.array([item.size]))


def fit(samples: Sequence[Sample], settings: FittingSettings, folder: Path) -> tuple[BondLengths, CodeMeanings]:
    """Fit the codec to molecules.

    Parameters
    ----------
    samples : sequence of (MolecularGraph, ndarray)
    settings : FittingSettings
    folder : Path
        Where the checkpoint is kept; fitting resumes from a checkpoint of the same settings.

    Raises
    ------
    ConfigurationError
        No molecules.
    WeightsError
        A checkpoint of other settings.
    """
    if not samples:
        raise ConfigurationError("no molecules to fit to")
    checkpoint = folder / CHECKPOINT_FILE
    resumed = _resume(checkpoint, settings)
    if resumed is None:
        lengths = fit_lengths(samples)
        meanings = CodeMeanings.start(_first_meanings(_draw(samples, settings, -1), lengths, settings), PLACE_LEVELS)
        first = 0
    else:
        lengths, meanings, first = resumed
        LOG.info("resuming after round %d of %d", first, settings.rounds)
    started = time.monotonic()
    for number in range(first, settings.rounds):
        meanings, summary = _round(_draw(samples, settings, number), lengths, meanings, settings, number)
        _save(checkpoint, lengths, meanings, number + 1, settings)
        rate = (number + 1 - first) / (time.monotonic() - started)
        left = (settings.rounds - number - 1) / rate
        LOG.info("round %d of %d: %s, %.0f s left", number + 1, settings.rounds, summary, left)
    return lengths, meanings


def fit_lengths(samples: Sequence[Sample]) -> BondLengths:
    """Fit bond lengths by context to all molecules."""
    chemistry = gather([graph for graph, _ in samples])
    positions = np.concatenate([positions for _, positions in samples])
    begin, end = chemistry.bonds.T
    true = np.sqrt(((positions[begin] - positions[end]) ** 2).sum(axis=1))
    return BondLengths.fit(length_keys(chemistry), true)


def _draw(samples: Sequence[Sample], settings: FittingSettings, number: int) -> list[Sample]:
    rng = np.random.default_rng((settings.seed, number + 1))
    return [samples[k] for k in rng.permutation(len(samples))[: settings.per_round]]


def _first_meanings(samples: Sequence[Sample], lengths: BondLengths, settings: FittingSettings) -> Array:
    """Return shared meanings [K, 4] by k-means on the meanings of atoms in their true frames."""
    rng = np.random.default_rng((settings.seed, 0))
    meanings = []
    for problem, targets in _batches(samples, lengths):
        for atoms in problem.levels[1:]:
            frames = frames_at(targets, problem.references, problem.bond, problem.closing, atoms)
            meanings.append(meanings_of(frames, targets[atoms]))
    scale = (1.0, 1.0, 1.0, settings.length_scale)
    points = _clip_lengths(np.concatenate(meanings)) * scale
    points = points[rng.permutation(len(points))[:60_000]]
    return _on_sphere(_means(points, settings.num_codes, rng) / scale)


def _means(points: Array, count: int, rng: np.random.Generator, rounds: int = 12) -> Array:
    """Return the centres of k-means; an empty cluster restarts at a point far from its centre."""
    centres = points[rng.choice(len(points), size=count, replace=len(points) < count)].copy()
    for _ in range(rounds):
        distance = 0.5 * (centres**2).sum(axis=1) - points @ centres.T
        nearest = distance.argmin(axis=1)
        gap = np.maximum(distance[np.arange(len(points)), nearest] + 0.5 * (points**2).sum(axis=1), 1e-12)
        count_of = np.bincount(nearest, minlength=count)
        for axis in range(points.shape[1]):
            sums = np.bincount(nearest, points[:, axis], count)
            centres[:, axis] = np.where(count_of > 0, sums / np.maximum(count_of, 1), centres[:, axis])
        empty = np.flatnonzero(count_of == 0)
        centres[empty] = points[rng.choice(len(points), size=len(empty), p=gap / gap.sum())]
    return centres


def _round(
    samples: Sequence[Sample], lengths: BondLengths, meanings: CodeMeanings, settings: FittingSettings, number: int
) -> tuple[CodeMeanings, str]:
    costs = settings.costs if number >= 2 else replace(settings.costs, rate=0.0, correction=0.0)
    grid = DirectionGrid(meanings.shared[:, :3], settings.candidates)
    codes, exact, errors, bits = [], [], [], []
    contexts: list[list[Ints]] = [[] for _ in range(PLACE_LEVELS)]
    for problem, targets in _batches(samples, lengths):
        choice = choose_codes(problem, targets, meanings, grid, costs, closed_loop=settings.closed_loop)
        coded = problem.references.kinds != FIRST
        codes.append(choice.codes[coded])
        exact.append(choice.wanted[coded])
        errors.append(((choice.positions - targets) ** 2).sum(axis=1)[coded])
        bits.append(meanings.bits[problem.rows(meanings), choice.codes][coded])
        for level, context in enumerate(problem.contexts):
            contexts[level].append(context[coded])
    error = np.concatenate(errors)
    fitted, dead = _move_meanings(
        meanings.shared,
        [np.concatenate(level) for level in contexts],
        np.concatenate(codes),
        _clip_lengths(np.concatenate(exact)),
        error,
        settings,
        np.random.default_rng((settings.seed, number, 1)),
        last=number + 1 == settings.rounds,
    )
    summary = (
        f"error {np.sqrt(error.mean()):.4f} A, {np.concatenate(bits).mean():.2f} bits per atom, {dead} codes reset"
    )
    return fitted, summary


def _move_meanings(
    shared: NDArray[np.floating],
    contexts: list[Ints],
    codes: Ints,
    exact: Array,
    errors: Array,
    settings: FittingSettings,
    rng: np.random.Generator,
    *,
    last: bool,
) -> tuple[CodeMeanings, int]:
    """Return meanings moved to the mean of their targets, and how many codes were reset."""
    uses = np.bincount(codes, minlength=len(shared))
    alive = uses >= _DEAD
    moved = np.asarray(shared, dtype=np.float64).copy()
    for axis in range(4):
        mean = np.bincount(codes, exact[:, axis], len(shared)) / np.maximum(uses, 1)
        moved[:, axis] = np.where(alive, mean, moved[:, axis])
    moved = _on_sphere(moved)
    dead = np.flatnonzero(~alive)
    if last or not len(dead):
        return CodeMeanings.fit(moved, contexts, codes, exact, settings.least_atoms), 0
    moved[dead] = exact[rng.choice(len(exact), size=len(dead), p=errors / errors.sum())]
    # a reset code must have its new meaning in every context: no row keeps an entry of its own for it
    kept = alive[codes]
    fitted = CodeMeanings.fit(
        _on_sphere(moved), [c[kept] for c in contexts], codes[kept], exact[kept], settings.least_atoms
    )
    return fitted, len(dead)


def _batches(samples: Sequence[Sample], lengths: BondLengths) -> list[tuple[Problem, Array]]:
    return [
        (
            Problem.of([graph for graph, _ in samples[start : start + _BATCH]], lengths),
            np.concatenate([positions for _, positions in samples[start : start + _BATCH]]),
        )
        for start in range(0, len(samples), _BATCH)
    ]


def _clip_lengths(meanings: Array) -> Array:
    """Return meanings with the lengths of outliers clipped."""
    return np.column_stack((meanings[:, :3], np.clip(meanings[:, 3], -_OUTLIER, _OUTLIER)))


def _on_sphere(meanings: Array) -> Array:
    norm = np.maximum(np.sqrt((meanings[:, :3] ** 2).sum(axis=1)), 1e-9)
    return np.column_stack((meanings[:, :3] / norm[:, None], meanings[:, 3]))


def _save(path: Path, lengths: BondLengths, meanings: CodeMeanings, done: int, settings: FittingSettings) -> None:
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {**tensors_of(lengths, meanings), "round": np.array(done)}
    make_folder(path.parent)
    write_whole(path, save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, _metadata(settings)))


def _metadata(settings: FittingSettings) -> dict[str, str]:
    return {name: repr(value) for name, value in asdict(settings).items() if name != "rounds"}


def _resume(path: Path, settings: FittingSettings) -> tuple[BondLengths, CodeMeanings, int] | None:
    found = read_training_checkpoint(path, names=("round",))
    if found is None:
        return None
    tensors, metadata = found
    different = differences(metadata, _metadata(settings))
    if different:
        raise WeightsError(f"checkpoint of other settings ({told(different)}); give a new folder", file=str(path))
    done = int(tensors.pop("round").item())
    return (*weights_from(tensors, file=str(path)), done)
