"""Training from scratch: crops of chains in, a tokenizer folder out; stopped and resumed at any checkpoint.

What step ``n`` sees depends on the seed and ``n`` alone, so a resumed run is the run that was never stopped.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities.files import write_whole
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.structure.protein.gcp_vqvae.configuration import Behaviour, NetworkSizes
from biomatrix.structure.protein.gcp_vqvae.features import Graph, blind_types, chain_graph, collate
from biomatrix.structure.protein.gcp_vqvae.losses import LossWeights, structure_terms
from biomatrix.structure.protein.gcp_vqvae.model import GCPVQVAE
from biomatrix.structure.protein.gcp_vqvae.quantizer import CodebookTraining
from biomatrix.structure.weights import read_tensors

logger = logging.getLogger(__name__)

_CANDIDATES = 4
_LEAST_RESIDUES = 20
_START_SAMPLE = 4
_TRANSLATION_SCALE = 10.0


@dataclass(frozen=True)
class TrainingPlan:
    """How weights are made.

    Parameters
    ----------
    steps : int
        Optimiser steps.
    crop : tuple of int
        Longest crop in residues, one number a stage; stages share the steps equally.
    decoded_span : int, optional
        Decode a random stretch of so many residues of each crop, not all of it. Codes then must not depend on where a
        residue stands in the piece it was encoded in, which windows over long chains need.
    residues_a_batch : int
        A batch holds this many residues divided by the crop.
    learning_rate, weight_decay, clip : float
        AdamW with betas 0.9 and 0.98; gradients are clipped to norm ``clip``.
    warm_up : int
        Steps of linear warm-up; a cosine leads to a hundredth from there.
    unquantised : int
        First steps without the quantiser; then k-means starts the codebook.
    seed : int
    autocast : bool
        Transformers and perceptrons in bfloat16; coordinates and losses stay float32.
    report_every, save_every : int
        Steps between lines of progress and between checkpoints.
    """

    steps: int = 10_000
    crop: tuple[int, ...] = (128,)
    decoded_span: int | None = None
    residues_a_batch: int = 1024
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    warm_up: int = 200
    unquantised: int = 0
    seed: int = 0
    autocast: bool = True
    report_every: int = 50
    save_every: int = 500
    weights: LossWeights = field(default_factory=LossWeights)
    codebook: CodebookTraining = field(default_factory=CodebookTraining)

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.crop or min(self.crop) < _LEAST_RESIDUES:
            raise ConfigurationError(f"training needs a step and crops of at least {_LEAST_RESIDUES} residues")
        if self.residues_a_batch < max(self.crop):
            raise ConfigurationError(
                f"residues_a_batch is {self.residues_a_batch}, less than one crop of {max(self.crop)}"
            )

    def crop_at(self, step: int) -> int:
        """Return the longest crop at a step."""
        return self.crop[min(step * len(self.crop) // self.steps, len(self.crop) - 1)]

    def rate_at(self, step: int) -> float:
        """Return the learning rate at a step."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        progress = (step - self.warm_up) / max(self.steps - self.warm_up, 1)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


@dataclass(frozen=True)
class Batch:
    """Crops of chains: their graph, their coordinates [B, T, 3, 3]."""

    graph: Graph
    target: Tensor


@dataclass
class ChainSource:
    """Backbones to learn from.

    Parameters
    ----------
    backbones : sequence of ndarray, shape=(L, 3, 3), dtype=float32
        NaN where unresolved.
    clusters : sequence of int
        Number of each chain's cluster: chains are drawn with weight one over the root of their cluster's size.
    """

    backbones: Sequence[NDArray[np.float32]]
    clusters: Sequence[int]

    def __post_init__(self) -> None:
        if not self.backbones or len(self.backbones) != len(self.clusters):
            raise ConfigurationError("training needs chains, and one cluster number for each")
        _, inverse, sizes = np.unique(np.asarray(self.clusters), return_inverse=True, return_counts=True)
        weight = 1.0 / np.sqrt(sizes[inverse])
        self._cumulative = np.cumsum(weight / weight.sum())

    def batch(self, plan: TrainingPlan, behaviour: Behaviour, step: int) -> Batch:
        """Return what a step sees: crops of similar length, drawn from the seed and the step."""
        rng = np.random.default_rng([plan.seed, step])
        crop = plan.crop_at(step)
        count = plan.residues_a_batch // crop
        drawn = np.searchsorted(self._cumulative, rng.random(count * _CANDIDATES)).clip(max=len(self.backbones) - 1)
        lengths = np.array([min(len(self.backbones[i]), crop) for i in drawn])
        start = int(rng.integers(len(drawn) - count + 1))
        chosen = drawn[np.argsort(lengths, kind="stable")][start : start + count]
        crops = [_crop(self.backbones[i], crop, rng) for i in chosen]
        return make_batch([piece for piece in crops if np.isfinite(piece).all(axis=(1, 2)).sum() >= 3], behaviour)


def make_batch(backbones: Sequence[NDArray[np.float32]], behaviour: Behaviour) -> Batch:
    """Describe backbones as one graph without sequence; at least one, each with a resolved residue."""
    if not backbones:
        raise ConfigurationError("a batch needs a chain with three resolved residues")
    graphs = []
    for backbone in backbones:
        resolved = np.isfinite(backbone).all(axis=(1, 2))
        positions = torch.from_numpy(np.flatnonzero(resolved))
        graphs.append(
            chain_graph(
                torch.from_numpy(np.ascontiguousarray(backbone[resolved])),
                blind_types(len(positions)),
                positions,
                torch.from_numpy(resolved),
                break_distance=behaviour.break_distance,
            )
        )
    joined = collate(graphs)
    target = torch.zeros(*joined.valid.shape, 3, 3)
    for i, backbone in enumerate(backbones):
        target[i, : len(backbone)] = torch.nan_to_num(torch.from_numpy(backbone))
    return Batch(joined, target)


def _crop(backbone: NDArray[np.float32], length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    start = int(rng.integers(max(len(backbone) - length, 0) + 1))
    return backbone[start : start + length]


class Trainer:
    """A run that can be stopped: network, optimiser and the number of the next step."""

    def __init__(self, sizes: NetworkSizes, behaviour: Behaviour, plan: TrainingPlan, source: ChainSource) -> None:
        self.plan, self.behaviour, self.source = plan, behaviour, source
        torch.manual_seed(plan.seed)
        self.model = GCPVQVAE(sizes)
        with torch.no_grad():
            self.model.vqvae.decoder.affine_output_projection.proj.weight[:3] *= _TRANSLATION_SCALE
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=plan.learning_rate, betas=(0.9, 0.98), eps=1e-7, weight_decay=plan.weight_decay
        )
        self.step = 0

    def run(self, folder: Path, *, stop_after: int | None = None) -> None:
        """Train to the end of the plan (or for ``stop_after`` steps), reporting and saving into ``folder``."""
        last = self.plan.steps if stop_after is None else min(self.plan.steps, self.step + stop_after)
        progress = _Progress(self.plan, self.step)
        while self.step < last:
            progress.add(self.train_step())
            if self.step % self.plan.report_every == 0:
                logger.info("%s", progress.line(self.step))
            if self.step % self.plan.save_every == 0 or self.step == last:
                self.save(folder)

    def train_step(self) -> dict[str, float]:
        """Take one step; return its terms, the codes it used and its residues."""
        plan, generator = self.plan, torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        if self.step == plan.unquantised:
            self._start_codebook(generator)
        batch = self.source.batch(plan, self.behaviour, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate_at(self.step)
        self.model.train()
        values = self._terms(batch, generator)
        loss = torch.stack([getattr(plan.weights, name) * value for name, value in values.items()]).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), plan.clip)
        self.optimiser.step()
        self.step += 1
        return {
            **{name: float(value.detach()) for name, value in values.items()},
            "loss": float(loss.detach()),
            "residues": float(batch.graph.valid.sum()),
        }

    def _terms(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Reconstruct a batch and return the terms of its loss."""
        plan = self.plan
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=plan.autocast):
            if self.step < plan.unquantised:
                rows = self.model.latents(batch.graph).float()
                quantiser_loss = rows.new_zeros(())
            else:
                rows, quantiser_loss = self.model.quantised_latents(batch.graph, plan.codebook, generator)
            span = self._span(rows.shape[1], generator)
            valid = batch.graph.valid[:, span]
            coords = self.model.vqvae.decoder(rows[:, span], valid)
        terms = structure_terms(coords.float(), batch.target[:, span], valid, plan.weights)
        return {**terms, "quantiser": quantiser_loss}

    def _span(self, length: int, generator: torch.Generator) -> slice:
        """The residues of a batch that are decoded."""
        size = min(self.plan.decoded_span or length, length)
        start = int(torch.randint(length - size + 1, (), generator=generator))
        return slice(start, start + size)

    @torch.no_grad()
    def _start_codebook(self, generator: torch.Generator) -> None:
        """Start the codebook from the latents of several batches, more than one batch holds."""
        graphs = [self.source.batch(self.plan, self.behaviour, self.step + i).graph for i in range(_START_SAMPLE)]
        latents = torch.cat([self.model.latents(graph).float()[graph.valid] for graph in graphs])
        codebook = self.model.vqvae.vector_quantizer.codebook
        codebook.start(latents, generator)
        codebook.cluster_size /= _START_SAMPLE
        codebook.embed_avg /= _START_SAMPLE

    def save(self, folder: Path) -> None:
        """Write a checkpoint, atomically."""
        from safetensors.torch import save as serialise

        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimiser.state[parameter].items():
                tensors[f"optimiser.{key}.{name}"] = value
        tensors["step"] = torch.tensor(self.step)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(
            folder / "checkpoint.safetensors", serialise({key: value.contiguous() for key, value in tensors.items()})
        )

    def restore(self, folder: Path) -> bool:
        """Go on from the checkpoint of ``folder``; False where there is none."""
        path = folder / "checkpoint.safetensors"
        if not path.is_file():
            return False
        stored = {name: torch.from_numpy(np.array(value)) for name, value in _read(path).items()}
        model = {name.removeprefix("model."): value for name, value in stored.items() if name.startswith("model.")}
        try:
            self.model.load_state_dict(model, strict=True)
            for name, parameter in self.model.named_parameters():
                self.optimiser.state[parameter] = {
                    key: stored[f"optimiser.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")
                }
        except (RuntimeError, KeyError) as error:
            raise WeightsError(f"the checkpoint is of another network: {error}", file=str(path)) from error
        self.step = int(stored["step"])
        return True

    def describe(self) -> dict[str, Any]:
        """Return the plan as a JSON object, for the config of the weights."""
        return asdict(self.plan)


class _Progress:
    """Means of the terms since the last line, the rate and the time left."""

    def __init__(self, plan: TrainingPlan, first: int) -> None:
        self.plan, self.last_step, self.last_time = plan, first, time.monotonic()
        self.sums: dict[str, float] = {}

    def add(self, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def line(self, step: int) -> str:
        count, elapsed = step - self.last_step, time.monotonic() - self.last_time
        residues = self.sums.pop("residues")
        terms = " ".join(f"{name} {value / count:.3f}" for name, value in self.sums.items())
        left = (self.plan.steps - step) * elapsed / count
        self.sums, self.last_step, self.last_time = {}, step, time.monotonic()
        return f"step {step}/{self.plan.steps} {terms} {residues / elapsed:.0f} residues/s {left / 60:.1f} min left"


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        return read_tensors(path.read_bytes(), file=str(path))
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror}", file=str(path)) from error
