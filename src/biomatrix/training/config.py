"""Recipes: everything a training run depends on, as one checked TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.settings import LARGEST_INTEGER, Section, checked
from biomatrix.training.log_settings import LogSection
from biomatrix.training.mixture import MixtureSection
from biomatrix.training.schedule import Shape
from biomatrix.training.steadiness_settings import AveragingSection, StabilitySection

Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]
Size = Annotated[int, Field(gt=0, le=2**20)]
"""A size of the decoder: far more than any has, and little enough for their product to be a number of bytes."""
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ModelSection(Section):
    """The decoder: its sizes when it is trained from scratch, or the checkpoint it starts from."""

    vocabulary: Path
    """A vocabulary folder."""
    checkpoint: str | None = None
    """A model folder or hub id to continue from; the sizes below are then not used."""
    hidden_size: Annotated[int, Field(gt=0, le=2**16)] = 256
    num_layers: Annotated[int, Field(gt=0, le=2**12)] = 6
    intermediate_size: Size = 768
    num_heads: Size = 4
    num_kv_heads: Size = 2
    head_dim: Annotated[int, Field(gt=0, le=2**12, multiple_of=2)] = 64
    max_positions: Positive = 2048
    """The context length written into the model's config, in tokens."""
    rope_theta: Annotated[float, Field(gt=0)] = 1_000_000.0
    row_multiple: Size = 1
    """The embedding is padded to a multiple of this many rows."""
    initialisation: Literal["description", "geometry", "random"] = "geometry"
    """How the rows of modality tokens start; "random" is for models trained from scratch only."""


class DataSection(Section):
    """Where the documents are."""

    train: Path
    """A corpus folder of token shards; its ``heldout_<view>`` folders are for evaluation, never for training."""


_STEP: Final = 8
"""Tokens from one bucket to the next where a recipe names none; whole vectors of a processor."""


class BatchSection(Section):
    """How documents become batches."""

    tokens: Positive = 4096
    """Tokens of one forward pass on one process, padding included."""
    accumulate: Positive = 1
    """Forward passes of one optimiser step."""
    max_length: Size = 512
    """Longest row; longer texts are cut into several, and nothing is dropped. Longer entities are refused."""
    layout: Literal["bucketed", "packed"] = "bucketed"
    """Rows of one document padded to a bucket's length (CPU), or several masked documents per row (GPU)."""
    buckets: tuple[int, ...] = ()
    """Row lengths of the bucketed layout, ascending; every multiple of 8 where none are named, which leaves a
    twenty-fifth of nano's batches to padding."""
    window: Positive = 8192
    """Documents whose batches are planned together; more of them where they are packed and would fill few rows."""

    @model_validator(mode="after")
    def _consistent(self) -> BatchSection:
        if self.max_length > self.tokens:
            raise ValueError(f"max_length {self.max_length} exceeds tokens {self.tokens}: no row would fit a batch")
        if list(self.buckets) != sorted(set(self.buckets)) or min(self.buckets, default=1) <= 0:
            raise ValueError(f"buckets must be positive and ascending, not {list(self.buckets)}")
        return self

    @property
    def row_lengths(self) -> tuple[int, ...]:
        """The buckets below ``max_length`` and ``max_length`` itself."""
        buckets = self.buckets or range(_STEP, self.max_length, _STEP)
        return (*(length for length in buckets if length < self.max_length), self.max_length)


class OptimiserSection(Section):
    """AdamW or Muon, and the learning rate."""

    name: Literal["adamw", "muon"] = "adamw"
    """What moves the hidden matrices; embeddings, norms and output projections are always AdamW's."""
    peak_lr: Annotated[float, Field(gt=0)] = 2e-3
    """Highest rate of AdamW, of all it moves."""
    muon_lr: Annotated[float, Field(gt=0)] = 4e-3
    """Highest rate of Muon, whose updates are scaled to the size of AdamW's: try up to twice AdamW's best rate."""
    muon_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.95
    betas: tuple[Fraction, Fraction] = (0.9, 0.95)
    eps: Annotated[float, Field(gt=0)] = 1e-8
    weight_decay: Annotated[float, Field(ge=0)] = 0.1
    """On matrices only: norms and embeddings are not decayed."""
    clip: Annotated[float, Field(gt=0)] = 1.0
    """Largest norm of the gradient."""
    shape: Shape = "wsd"
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    warmup_fraction: Fraction = 0.0
    """Above 0, the share of the run over which the rate rises, in place of ``warmup_steps``."""
    decay_fraction: Fraction = 0.3
    final_fraction: Fraction = 0.0


class TuningSection(Section):
    """Which weights of a checkpoint are trained, and what keeps small data from being learned by heart."""

    mode: Literal["full", "lora", "new_rows"] = "full"
    """All weights; adapters beside frozen weights, through peft; or the embedding rows of added tokens alone."""
    rank: Size = 16
    """LoRA: the inner size of an adapter."""
    alpha: Annotated[float, Field(gt=0)] = 32.0
    """LoRA: an adapter's product is scaled by alpha / rank."""
    targets: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
    )
    """LoRA: the linear layers with an adapter, by the last part of their names."""
    new_rows: bool = False
    """LoRA: train the embedding rows of added tokens too, beside the adapter."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """LoRA: the share of an adapter's inputs that is dropped while training."""
    attention_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of attention weights that is dropped while training, in any mode."""

    @property
    def drops(self) -> bool:
        """Whether a step draws at random."""
        return self.attention_dropout > 0 or (self.mode == "lora" and self.dropout > 0)


class RunSection(Section):
    """How long the run lasts, how it computes, and what it writes."""

    output: Path
    max_steps: Positive | None = None
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    """A time budget: the schedule decays to its end by then. Runs limited by time do not repeat exactly."""
    seed: Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)] = 0
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Of products of matrices; weights stay float32. "auto" is bf16 where the GPU or processor has instructions."""
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2", "varlen"] = "auto"
    """"auto" is eager on a CPU, where it is the fastest for short rows, and sdpa elsewhere. "varlen", for packed rows
    on a GPU, is told where documents begin and needs no mask (``torch.nn.attention.varlen``)."""
    weights: Literal["fp32", "bf16"] = "fp32"
    """"bf16" keeps copies of the layers' matrices to compute with, beside float32 masters that the optimiser moves."""
    compile: bool | Literal["fixed"] = False
    """Compile the layers: 20 to 60 s to warm up, then a third faster on a CPU. "fixed" compiles for one shape, that
    of full packed batches."""
    kernels: Literal["plain", "auto", "liger"] = "plain"
    """Of norms, rotary positions and SwiGLU: those of Transformers, or Liger's, for a GPU and layers that are not
    compiled (``pip install "biomatrix[liger]"``). "auto" takes Liger's where it can be had, and says so."""
    threads: Annotated[int, Field(gt=0, le=4096)] | None = None
    gradient_checkpointing: bool = False
    checkpointed_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of layers that gradient checkpointing computes again; more memory and less time where it is below 1."""
    prefetch: Annotated[int, Field(ge=0, le=64)] = 0
    """Batches that a thread builds ahead, in the same order."""
    log_every: Positive = 20
    evaluate_every: Positive = 500
    evaluate_documents: Positive = 64
    """Held-out rows to measure, of each kind of document."""
    patience: Positive | None = None
    """End after this many evaluations in a row without a lower held-out loss, and export the best checkpoint."""
    loss_rows: Positive | None = None
    """Positions whose logits are computed together where the vocabulary is large; by default as memory allows."""
    save_every: Positive = 500
    keep: Positive = 2
    """Checkpoints kept; older ones are removed."""

    @model_validator(mode="after")
    def _bounded(self) -> RunSection:
        if self.max_steps is None and self.max_minutes is None:
            raise ValueError("give max_steps or max_minutes (or both)")
        if self.weights == "bf16" and self.precision != "bf16":
            raise ValueError('weights = "bf16" needs precision = "bf16"')
        if self.kernels == "liger" and self.compile:
            raise ValueError('kernels = "liger" is for layers that are not compiled, which fuse the same operations')
        return self


class Recipe(Section):
    """A whole run."""

    model: ModelSection
    data: DataSection
    batches: BatchSection = BatchSection()
    mixture: MixtureSection = MixtureSection()
    optimiser: OptimiserSection = OptimiserSection()
    tuning: TuningSection = TuningSection()
    averaging: AveragingSection = AveragingSection()
    stability: StabilitySection = StabilitySection()
    run: RunSection
    log: LogSection = LogSection()

    @model_validator(mode="after")
    def _laid_out(self) -> Recipe:
        needed = [f'run.{name} = "{value}"' for name, value in (("attention", "varlen"), ("compile", "fixed"))
                  if getattr(self.run, name) == value and self.batches.layout != "packed"]  # fmt: skip
        if needed:
            raise ValueError(f'{needed[0]} is for batches.layout = "packed"')
        if self.run.attention == "varlen" and self.tuning.attention_dropout:
            raise ValueError('run.attention = "varlen" drops no attention weights: set tuning.attention_dropout to 0')
        return self

    @model_validator(mode="after")
    def _muon_has_matrices(self) -> Recipe:
        if self.optimiser.name == "muon" and self.tuning.mode != "full":
            raise ValueError(
                f'optimiser.name = "muon" moves whole hidden matrices, and tuning.mode = "{self.tuning.mode}" trains '
                'none; use "adamw"'
            )
        return self


def load_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe.

    Parameters
    ----------
    path : str or Path
        A TOML file; paths inside it are relative to the working directory.

    Returns
    -------
    Recipe
        The checked settings.

    Raises
    ------
    ConfigurationError
        Names each setting that is unknown, missing or out of range.
    """
    return checked(read_toml(path), Recipe, path)
