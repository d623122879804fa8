"""How weights are made: steps, crops, optimiser, augmentation, losses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from biomatrix.entities.protein.structure.gcp_vqvae.losses import LossWeights
from biomatrix.entities.protein.structure.gcp_vqvae.quantizer import CodebookTraining
from biomatrix.errors import ConfigurationError

_LEAST_RESIDUES = 20


@dataclass(frozen=True)
class Masking:
    """Residues made to look unresolved, so that gaps are met in training.

    Parameters
    ----------
    probability : float
        Share of the crops it happens to; 0.05 in the published recipe.
    most_residues, most_chunks : int
        At most this many residues, at least one, in at most this many chunks; never more than half a crop.
    """

    probability: float = 0.0
    most_residues: int = 50
    most_chunks: int = 6

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1 or self.most_residues < 1 or self.most_chunks < 1:
            raise ConfigurationError("masking needs a probability of 0 to 1, and at least one residue and one chunk")


@dataclass(frozen=True)
class AdaptiveWeights:
    """Multipliers of the losses that keep the gradient of each within bounds.

    Parameters
    ----------
    every : int
        Steps between adjustments, after the warm-up; 0 for none, 50 in the published recipe.
    high, low : float
        Norms of a weighted loss's gradient above which its multiplier falls and below which it rises.
    down, up : float
        Factors of one adjustment.
    least, most : float
        Bounds of a multiplier.
    """

    every: int = 0
    high: float = 5.0
    low: float = 0.2
    down: float = 0.98
    up: float = 1.02
    least: float = 0.01
    most: float = 100.0

    def adjusted(self, multiplier: float, norm: float) -> float:
        """Return the multiplier after its loss had a gradient of this norm."""
        factor = self.down if norm > self.high else self.up if norm < self.low else 1.0
        return min(max(multiplier * factor, self.least), self.most)


@dataclass(frozen=True)
class TrainingPlan:
    """How weights are made.

    Parameters
    ----------
    steps : int
        Optimiser steps.
    crop : tuple of int
        Longest crop in residues, one number per stage; stages share the steps equally.
    decoded_span : int, optional
        Decode a random stretch of this many residues of each crop, not all of it. Codes then must not depend on where a
        residue stands in the piece it was encoded in, which windows over long chains need.
    residues_a_batch : int
        Residues of a batch over all processes, padding included: it holds this number divided by the crop, in crops.
    fill : bool
        Draw crops by their residues, and as many as ``residues_a_batch`` holds once they are padded to their longest:
        otherwise short chains, of which there are many, leave batches half empty and long ones rare.
    accumulate : int
        Batches whose gradients make one step.
    learning_rate, weight_decay, clip : float
        AdamW with betas 0.9 and 0.98; gradients are clipped to norm ``clip``.
    warm_up : int
        Steps of linear warm-up; a cosine leads to a hundredth from there.
    unquantised : int
        First steps without the quantiser; then k-means starts the codebook.
    wrong_codes : float
        Share of codes replaced by random ones before decoding, so that the decoder learns to doubt a code that does
        not fit its neighbours. Each process draws for itself.
    seed : int
    autocast : bool
        Transformers in bfloat16; graph network, coordinates, quantiser and losses stay float32.
    compile : bool
        Compile both transformers; pays on accelerators.
    report_every, save_every : int
        Steps between lines of progress and between checkpoints.
    masking : Masking
    adaptive : AdaptiveWeights
    weights : LossWeights
    codebook : CodebookTraining
    """

    steps: int = 10_000
    crop: tuple[int, ...] = (128,)
    decoded_span: int | None = None
    residues_a_batch: int = 1024
    fill: bool = False
    accumulate: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    warm_up: int = 200
    unquantised: int = 0
    wrong_codes: float = 0.0
    seed: int = 0
    autocast: bool = True
    compile: bool = False
    report_every: int = 50
    save_every: int = 500
    masking: Masking = field(default_factory=Masking)
    adaptive: AdaptiveWeights = field(default_factory=AdaptiveWeights)
    weights: LossWeights = field(default_factory=LossWeights)
    codebook: CodebookTraining = field(default_factory=CodebookTraining)

    def __post_init__(self) -> None:
        if self.steps < 1 or self.accumulate < 1 or not self.crop or min(self.crop) < _LEAST_RESIDUES:
            raise ConfigurationError(
                f"training needs at least one step of one batch, and crops of at least {_LEAST_RESIDUES}"
            )
        if not 0 <= self.wrong_codes < 1:
            raise ConfigurationError(f"wrong_codes is {self.wrong_codes}, not a share from 0 to below 1")
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

    def adjusts_at(self, step: int) -> bool:
        """Return whether loss multipliers are adjusted at a step."""
        every = self.adaptive.every
        return every > 0 and step >= self.warm_up and (step - self.warm_up) % every == 0
