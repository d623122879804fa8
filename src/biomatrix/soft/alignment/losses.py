"""InfoNCE between entities and texts, one way or both, with positives by declared key.

Legend of shapes: B pairs of a batch, D numbers of a vector.

A key says which pairs are of one thing: of one cell type, of one molecule. Where equal keys carry the same frozen text
vector, counting repeats as negatives gives exactly the gradient of the loss with several positives; where their texts
differ, or the text side is trained, it does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize

from biomatrix.errors import ConfigurationError

Repeats = Literal["positives", "negatives"]
LEAST_TEMPERATURE: Final = 0.01


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """What pairs are contrasted with.

    Parameters
    ----------
    two_way : bool
        Entities among texts and texts among entities; where False, entities among texts alone.
    repeats : {"positives", "negatives"}
        What other pairs of the same key are.
    temperature : float
        At the start.
    least_temperature, most_temperature : float
        The bounds of the learned temperature.
    learn_temperature : bool

    Raises
    ------
    ConfigurationError
        The temperature lies outside its bounds, or a bound is not above 0.
    """

    two_way: bool = True
    repeats: Repeats = "positives"
    temperature: float = 0.07
    least_temperature: float = LEAST_TEMPERATURE
    most_temperature: float = 1.0
    learn_temperature: bool = True

    def __post_init__(self) -> None:
        if not 0.0 < self.least_temperature <= self.temperature <= self.most_temperature:
            raise ConfigurationError(
                f"a temperature lies between its bounds, above 0: {self.temperature} is not between "
                f"{self.least_temperature} and {self.most_temperature}"
            )
        if self.repeats not in ("positives", "negatives"):
            raise ConfigurationError(f"repeats are 'positives' or 'negatives', not {self.repeats!r}")


class Contrast(nn.Module):
    """The contrastive loss of a batch, with the temperature it has learned.

    Parameters
    ----------
    settings : ContrastSettings, optional
    """

    def __init__(self, settings: ContrastSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or ContrastSettings()
        start = torch.tensor(-math.log(self.settings.temperature), dtype=torch.float32)
        self.log_scale = nn.Parameter(start, requires_grad=self.settings.learn_temperature)

    @property
    def temperature(self) -> float:
        """What cosines are divided by, now."""
        return math.exp(-float(self.log_scale.detach()))

    def bound(self) -> None:
        """Bring the temperature back between its bounds; to be called after every step."""
        with torch.no_grad():
            low, high = -math.log(self.settings.most_temperature), -math.log(self.settings.least_temperature)
            self.log_scale.clamp_(low, high)

    def forward(self, entities: Tensor, texts: Tensor, keys: Tensor) -> Tensor | None:
        """Return the loss of a batch, a scalar; None where it holds one key only, which nothing contrasts with.

        Parameters
        ----------
        entities, texts : Tensor, shape=(B, D), dtype=float32
            Of the same pairs in the same order; their length does not matter.
        keys : Tensor, shape=(B,), dtype=int64
        """
        likeness = normalize(entities, dim=-1) @ normalize(texts, dim=-1).T * self.log_scale.exp()
        return info_nce(likeness, keys, two_way=self.settings.two_way, repeats=self.settings.repeats)


def info_nce(likeness: Tensor, keys: Tensor, *, two_way: bool = True, repeats: Repeats = "positives") -> Tensor | None:
    """Return the InfoNCE loss of scaled similarities; None where there is one key only.

    With several positives the loss of a row is the mean over them of -log softmax, so that a row weighs the same
    however often its key repeats.

    Parameters
    ----------
    likeness : Tensor, shape=(B, B), dtype=float32
        Row: an entity; column: a text.
    keys : Tensor, shape=(B,), dtype=int64
    two_way : bool
    repeats : {"positives", "negatives"}
    """
    if len(keys) < 2 or bool((keys == keys[0]).all()):
        return None
    if repeats == "positives":
        same = (keys[:, None] == keys[None, :]).to(likeness.dtype)
    else:
        same = torch.eye(len(keys), dtype=likeness.dtype, device=likeness.device)
    wanted = same / same.sum(dim=1, keepdim=True)
    rows = -(wanted * log_softmax(likeness, dim=1)).sum(dim=1).mean()
    if not two_way:
        return rows
    return (rows - (wanted * log_softmax(likeness.T, dim=1)).sum(dim=1).mean()) / 2
