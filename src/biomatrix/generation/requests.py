"""One request to a model, frozen and checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ConfigurationError
from biomatrix.generation.checked import checked_flag, checked_whole, shown
from biomatrix.generation.sampling import Sampling
from biomatrix.vocabulary.items import as_items, item_fault
from biomatrix.vocabulary.tables import Item

MOST_SAMPLES: Final = 100_000
"""The most answers of one request; ask again with another seed for more."""
_MOST_TOKENS: Final = 1 << 24
"""Far past the context of any model, which is checked once the model is known."""

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
        object.__setattr__(self, "prompt", _checked_prompt(self.prompt))
        object.__setattr__(self, "constraints", _checked_constraints(self.constraints))
        for name, most in (("length", _MOST_TOKENS), ("num_samples", MOST_SAMPLES), ("max_new_tokens", _MOST_TOKENS)):
            if name == "num_samples" or getattr(self, name) is not None:
                object.__setattr__(self, name, checked_whole(getattr(self, name), name, 1, most))
        object.__setattr__(self, "raw", checked_flag(self.raw, "raw"))
        for name in ("output", "system"):
            if getattr(self, name) is not None and not isinstance(getattr(self, name), str):
                what = "the name of a modality" if name == "output" else "text"
                raise ConfigurationError(f"{name} is {what}, not {shown(getattr(self, name))}")
        if not isinstance(self.sampling, Sampling):
            raise ConfigurationError(f"sampling is a Sampling, not {shown(self.sampling)}")
        if self.about is not None and not isinstance(self.about, Entity):
            raise ConfigurationError(f"the entity that an answer is about is an Entity, not {shown(self.about)}")
        if self.length is not None and self.output is None:
            raise ConfigurationError("length needs an output modality; text has no exact length")
        if self.raw and self.system is not None:
            raise ConfigurationError("a raw prompt has no system turn; put its text into the prompt")
        if not self.raw and not any(part for part in self.parts if not isinstance(part, str) or part.strip()):
            raise ConfigurationError("the prompt is empty: ask something; only a raw prompt may let the model begin")

    @property
    def parts(self) -> tuple[Item, ...]:
        """The prompt as parts in order."""
        parts: tuple[Item, ...] = self.prompt  # type: ignore[assignment]
        return parts

    @property
    def different_samples(self) -> int:
        """How many of the answers can differ: one where nothing is drawn at random."""
        return 1 if self.sampling.is_greedy else self.num_samples


def _checked_prompt(prompt: Prompt) -> tuple[Item, ...]:
    """Return the parts of a prompt; ConfigurationError, with the index of the part, where one cannot be read."""
    try:
        parts = tuple(as_items(prompt))
    except TypeError as error:
        raise ConfigurationError(f"a prompt is text, an entity or a list of them: {error}") from None
    if any(isinstance(part, list) for part in parts):
        raise ConfigurationError("a prompt is text and entities in one list; use generate_batch for several")
    for position, part in enumerate(parts):
        fault = item_fault(part)
        if fault is not None:
            raise ConfigurationError(f"in the prompt, {fault}", position=position)
    return parts


def _checked_constraints(constraints: Sequence[Constraint]) -> tuple[Constraint, ...]:
    if not isinstance(constraints, Sequence) or not all(map(callable, constraints)):
        raise ConfigurationError(f"constraints are a list of functions, not {shown(constraints)}")
    return tuple(constraints)


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
