"""One request to a model, frozen and checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ConfigurationError
from biomatrix.generation.sampling import Sampling, checked_whole
from biomatrix.vocabulary.tables import Item

MAX_SAMPLES: Final = 100_000
"""The most answers to one prompt: all are held in memory until the last one is finished."""

Prompt: TypeAlias = str | Entity | Sequence[Item]
"""Text and entities in order; an entity may be paired with the name of the modality to write it in."""

Constraint: TypeAlias = Callable[[Automaton], Automaton]
"""A user's constraint: it takes the automaton of the output and returns one that allows no more."""


@dataclass(frozen=True, eq=False)
class Request:
    """One request.

    Parameters
    ----------
    prompt : str, Entity, or sequence of them and of (Entity, str)
        Text and entities in order, each entity optionally with the modality to write it in. Kept as a tuple of parts.
    output : str, optional
        The modality to answer in; text, with segments where the model writes them, when not given.
    length : int, optional
        The exact number of residues, atoms or symbols: what the modality counts.
    constraints : tuple of callable
        Each takes the automaton of the output and returns a narrower one; they are applied in order.
    sampling : Sampling
        Temperature, nucleus, greedy, seed.
    num_samples : int
        The number of answers; they differ unless greedy.
    max_new_tokens : int, optional
        The longest answer; 512, or what an exact length needs, when not given.
    system : str, optional
        A system turn before the user's.
    raw : bool
        Continue the prompt as a document, without a conversation around it.
    about : Entity, optional
        The entity the answer is about; a generated structure takes from it the labels that its tokens do not carry.
        When not given, the only entity of the answer's kind that the prompt shows in another modality.

    Raises
    ------
    ConfigurationError
        The request makes no sense whatever the model.
    """

    prompt: Prompt
    output: str | None = None
    length: int | None = None
    constraints: tuple[Constraint, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    num_samples: int = 1
    max_new_tokens: int | None = None
    system: str | None = None
    raw: bool = False
    about: Entity | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", self.parts)
        object.__setattr__(self, "constraints", tuple(self.constraints))
        if any(isinstance(part, list) for part in self.parts):
            raise ConfigurationError("a prompt is text and entities in one list; use generate_batch for several")
        for name in ("length", "num_samples", "max_new_tokens"):
            if name == "num_samples" or getattr(self, name) is not None:
                object.__setattr__(self, name, checked_whole(getattr(self, name), name))
        if not 1 <= self.num_samples <= MAX_SAMPLES:
            raise ConfigurationError(f"num_samples is between 1 and {MAX_SAMPLES:,}, not {self.num_samples:,}")
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            raise ConfigurationError(f"max_new_tokens is at least 1, not {self.max_new_tokens}")
        if self.length is not None and self.output is None:
            raise ConfigurationError("length needs an output modality; text has no exact length")
        if self.length is not None and self.length < 0:
            raise ConfigurationError(f"length {self.length} is not a length an answer can have")
        if self.raw and self.system is not None:
            raise ConfigurationError("a raw prompt has no system turn; put its text into the prompt")
        if not self.raw and not any(part for part in self.parts if not isinstance(part, str) or part.strip()):
            raise ConfigurationError("the prompt is empty; ask something, or use raw=True to let the model begin")

    @property
    def parts(self) -> tuple[Item, ...]:
        """The prompt as parts in order."""
        return (self.prompt,) if isinstance(self.prompt, str | Entity) else tuple(self.prompt)

    @property
    def different_samples(self) -> int:
        """How many of the answers can differ: one where nothing is drawn at random."""
        return 1 if self.sampling.is_greedy else self.num_samples


def build_prompt(words: str, entities: Sequence[Entity] = (), *, written_as: str | None = None) -> list[Item]:
    """Return a prompt of words followed by entities.

    Parameters
    ----------
    words : str
        The request; it stays text whatever it looks like.
    entities : sequence of Entity
        The entities the request is about.
    written_as : str, optional
        The modality in which to show the entities; each kind's default when not given.

    Raises
    ------
    ConfigurationError
        A modality without entities.
    """
    if written_as is not None and not entities:
        raise ConfigurationError("a modality to write the entity in was given, but no entity")
    text = [f"{words} " if entities and words else words] if words else []
    return [*text, *((entity, written_as) if written_as else entity for entity in entities)]
