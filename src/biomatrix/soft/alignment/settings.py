"""How a projector is aligned."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class AlignmentSettings:
    """The numbers of a run.

    Parameters
    ----------
    epochs : int
        Passes over the training pairs, at most.
    batch_size : int
        Pairs of a batch; the others of it are what each is told apart from.
    learning_rate : float
        Of AdamW; it rises over the first tenth of the steps and falls to 0 as a cosine.
    weight_decay : float
        Of weights; not of biases, norms, learned vectors or the temperature.
    input_dropout : float
        Share of the numbers of an entity's vectors set to 0 in training.
    distinct_keys : bool
        Whether batches hold each key once.
    held_out : float
        Share of the training pairs that only tell when to stop; 0 for none.
    patience : int
        Epochs without a lower held-out loss after which the run ends; the best weights are kept.
    checkpoint_every : int
        Steps between checkpoints, where a folder is given.
    seed : int

    Raises
    ------
    ConfigurationError
        A number outside its range.
    """

    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    input_dropout: float = 0.0
    distinct_keys: bool = False
    held_out: float = 0.1
    patience: int = 5
    checkpoint_every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.checkpoint_every) < 1 or self.batch_size < 2:
            raise ConfigurationError("epochs, patience and checkpoint_every are at least 1, batch_size at least 2")
        if self.learning_rate <= 0 or self.weight_decay < 0:
            raise ConfigurationError("the learning rate is above 0, the weight decay 0 or more")
        if not (0.0 <= self.held_out < 1.0 and 0.0 <= self.input_dropout < 1.0):
            raise ConfigurationError("held_out and input_dropout are shares: 0 or more, less than 1")
