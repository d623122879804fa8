"""A model as a sampler of candidates, for a search by several objectives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.guided_search import Sampler
from biomatrix.generation.requests import Prompt

if TYPE_CHECKING:
    from biomatrix.generation.model import Model


def model_sampler(model: Model, prompt: Prompt, output: str | Sequence[str], **settings: Any) -> Sampler[Entity]:
    """Return a sampler of a model's answers to one prompt, with the keyword arguments of `Model.generate`.

    Answers without an entity are left out; constraints hold for every one that comes.
    """

    def draw(count: int, seed: int) -> Iterable[Entity]:
        answers = model.generate(prompt, output=output, num_samples=count, seed=seed, **settings)
        return [answer.entity for answer in answers if answer.entity is not None and answer.error is None]

    return draw
