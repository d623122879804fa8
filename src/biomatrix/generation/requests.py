"""One request to a model, frozen and checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.constraint import Constraint
from biomatrix.errors import ConfigurationError
from biomatrix.generation.checked import checked_flag, checked_whole, shown
from biomatrix.generation.constraint_registry import checked_constraints
from biomatrix.generation.lengths import Length, checked_length, ends_of
from biomatrix.generation.sampling import Sampling
from biomatrix.trust.text_checks import AskedNumber
from biomatrix.vocabulary.chat import Turn, checked_turn
from biomatrix.vocabulary.items import as_items, item_fault
from biomatrix.vocabulary.tables import Item

if TYPE_CHECKING:
    from biomatrix.generation.answers import Answer

MOST_SAMPLES: Final = 100_000
"""The most answers of one request; ask again with another seed for more."""
MOST_DRAFTS: Final = 10_000
DEFAULT_DRAFTS: Final = 16
"""The most drafts of one sample that is drawn at random, the refused ones among them, where a request names none."""
_MOST_BEAMS: Final = 1_024
_MOST_TOKENS: Final = 1 << 24
"""Far past the context of any model, which is checked once the model is known."""

Prompt: TypeAlias = str | Entity | Sequence[Item]
"""Text and entities in order; an entity may be paired with the name of the modality to write it in."""

Narrower: TypeAlias = Callable[[Automaton], Automaton]
"""Takes the automaton of the output and returns one that allows no more."""
Wish: TypeAlias = Constraint | Narrower | str
"""What may be asked of an answer: a constraint, a function that narrows the automaton, or ``NAME=VALUE`` as the command
line takes it."""
Scorer: TypeAlias = "Callable[[Answer], float]"
"""Says how good an answer is: of several drafts the one with the most is returned."""


@dataclass(frozen=True, eq=False)
class Request:
    """One request.

    Parameters
    ----------
    prompt : str, Entity, or sequence of them and of (Entity, str)
        Text and entities in order, each entity optionally with the modality to write it in. Kept as a tuple of parts.
    output : str or sequence of str, optional
        The modality to answer in; text, with segments where the model writes them, when not given. Several modalities
        are written one after another, of one entity: those that count the same have the same size.
    length : int or (int or None, int or None), optional
        The number of residues, atoms or symbols, which the modality counts: exact, or the least and the most.
    constraints : sequence of (Constraint, callable or str)
        Kept by narrowing the automaton of the output, in order, and by looking at what was written. A string is
        ``NAME=VALUE``; a function takes the automaton and returns a narrower one.
    sampling : Sampling
        Temperature, nucleus, greedy, seed.
    num_samples : int
        The number of answers; they differ unless greedy.
    max_new_tokens : int, optional
        The longest answer; 512, or what a length needs, when not given.
    system : str, optional
        A system turn before the user's.
    raw : bool
        Continue the prompt as a document, without a conversation around it.
    about : Entity, optional
        The entity the answer is about; a generated structure takes from it the labels that its tokens do not carry.
        When not given, the only entity of the answer's kind that the prompt shows in another modality.
    drafts : int, optional
        The most drafts of each sample. One that spells no entity or breaks a constraint is refused, counted in
        ``Answer.refused``, and written again with other random numbers. 16 when not given; 1 is never again. A greedy
        request has one draft unless more are asked for; those after the first are then drawn at random, at temperature
        1 where none above 0 is given.
    best_of : int
        How many answers are written for each sample, of which the best is returned. Sample ``s`` chooses among what
        ``num_samples`` alone would give as samples ``s * best_of`` onwards.
    scorer : callable, optional
        Says how good an answer is; the mean log-probability per written token when not given. Equal scores go to the
        first; answers with an error lose.
    beams : int, optional
        Search for the likeliest answers with so many beams, in place of drawing; ``num_samples`` of them are returned.
    guided : bool
        False lets every token come, whatever the output: one draft, and answers report what is wrong with them.
    kept : Entity or (Entity, str), optional
        The entity that one of several output modalities is given as, with the name of that modality where several
        would take it; the others are written around it.
    number : AskedNumber, optional
        The number that an answer in text should hold, such as that of a task
        (:func:`~biomatrix.generation.answer_checks.asked_number`); one that does not fails a check.
    stop : str or sequence of str
        Strings at the first of which in its text, entities as their tokens, an answer ends: with the token that
        completes it. Such an answer is kept as it is, whatever it lacks.
    history : sequence of Turn
        The turns of the conversation before the prompt, which is the user's last; none of a raw prompt.

    Raises
    ------
    ConfigurationError
        The request makes no sense whatever the model.
    """

    prompt: Prompt
    output: str | Sequence[str] | None = None
    length: Length | tuple[int | None, int | None] | None = None
    constraints: Sequence[Wish] = ()
    sampling: Sampling = field(default_factory=Sampling)
    num_samples: int = 1
    max_new_tokens: int | None = None
    system: str | None = None
    raw: bool = False
    about: Entity | None = None
    drafts: int | None = None
    best_of: int = 1
    scorer: Scorer | None = None
    beams: int | None = None
    guided: bool = True
    kept: Entity | tuple[Entity, str] | None = None
    history: Sequence[Turn] = ()
    number: AskedNumber | None = None
    stop: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", _checked_prompt(self.prompt))
        object.__setattr__(self, "constraints", checked_constraints(self.constraints))
        object.__setattr__(self, "output", _checked_output(self.output))
        if self.length is not None:
            object.__setattr__(self, "length", checked_length(self.length))
        self._check_numbers()
        self._check_types()
        if self.length is not None and self.output is None:
            raise ConfigurationError("length needs an output modality; text has no exact length")
        self._check_length()
        object.__setattr__(self, "stop", _checked_stop(self.stop))
        object.__setattr__(self, "history", tuple(map(checked_turn, self.history)))
        if self.raw and self.history:
            raise ConfigurationError("a raw prompt has no conversation before it; put its text into the prompt")
        if self.raw and self.system is not None:
            raise ConfigurationError("a raw prompt has no system turn; put its text into the prompt")
        if not self.raw and not any(part for part in self.parts if not isinstance(part, str) or part.strip()):
            raise ConfigurationError("the prompt is empty: ask something; only a raw prompt may let the model begin")
        for fault in _faults_of_choice(self):
            raise ConfigurationError(fault)

    def _check_numbers(self) -> None:
        for name, most in (
            ("num_samples", MOST_SAMPLES),
            ("max_new_tokens", _MOST_TOKENS),
            ("drafts", MOST_DRAFTS),
            ("best_of", MOST_SAMPLES),
            ("beams", _MOST_BEAMS),
        ):
            if name in ("num_samples", "best_of") or getattr(self, name) is not None:
                object.__setattr__(self, name, checked_whole(getattr(self, name), name, 1, most))
        for name in ("raw", "guided"):
            object.__setattr__(self, name, checked_flag(getattr(self, name), name))

    def _check_length(self) -> None:
        """Refuse a length that surely leaves no room for a constraint."""
        most = None if self.bounds is None else ends_of(self.bounds)[1]
        for wish in self.wishes:
            if most is not None and isinstance(wish, Constraint) and wish.fewest > most:
                raise ConfigurationError(
                    f"length and {wish.name} cannot be kept together: {wish.name} takes {wish.fewest}, and the length "
                    f"is at most {most}"
                )

    def _check_types(self) -> None:
        if self.system is not None and not isinstance(self.system, str):
            raise ConfigurationError(f"system is text, not {shown(self.system)}")
        if not isinstance(self.sampling, Sampling):
            raise ConfigurationError(f"sampling is a Sampling, not {shown(self.sampling)}")
        if self.about is not None and not isinstance(self.about, Entity):
            raise ConfigurationError(f"the entity that an answer is about is an Entity, not {shown(self.about)}")
        if self.number is not None and not isinstance(self.number, AskedNumber):
            raise ConfigurationError(f"number is an AskedNumber, not {shown(self.number)}")
        if self.scorer is not None and not callable(self.scorer):
            raise ConfigurationError(f"scorer is a function of an answer, not {shown(self.scorer)}")
        kept = self.kept if isinstance(self.kept, tuple) else (self.kept, "")
        if self.kept is not None and not (len(kept) == 2 and isinstance(kept[0], Entity) and isinstance(kept[1], str)):
            raise ConfigurationError(f"kept is an Entity, or one with the name of its modality, not {shown(self.kept)}")

    @property
    def parts(self) -> tuple[Item, ...]:
        """The prompt as parts in order."""
        parts: tuple[Item, ...] = self.prompt  # type: ignore[assignment]
        return parts

    @property
    def outputs(self) -> tuple[str, ...]:
        """The modalities of the answer in order; none for text."""
        return () if self.output is None else (self.output,) if isinstance(self.output, str) else tuple(self.output)

    @property
    def bounds(self) -> Length | None:
        """The length as :func:`checked_length` returns it."""
        return None if self.length is None else checked_length(self.length)

    @property
    def wishes(self) -> tuple[Constraint | Narrower, ...]:
        """The constraints, none of them text any more."""
        return tuple(wish for wish in self.constraints if not isinstance(wish, str))

    @property
    def different_samples(self) -> int:
        """How many of the answers can differ: one where nothing is drawn at random."""
        return 1 if self.sampling.is_greedy and self.beams is None else self.num_samples

    @property
    def most_drafts(self) -> int:
        """The most drafts of each sample."""
        if self.drafts is not None:
            return self.drafts
        return 1 if self.sampling.is_greedy or self.beams is not None or not self.guided else DEFAULT_DRAFTS


def _checked_output(output: object) -> str | tuple[str, ...] | None:
    """Return the modality of the answer, or several as a tuple; a list of one is that one."""
    if output is None or isinstance(output, str):
        return output
    several = isinstance(output, Sequence) and bool(output) and all(isinstance(name, str) for name in output)
    if not several:
        raise ConfigurationError(f"output is the name of a modality, or a list of such names, not {shown(output)}")
    names: tuple[str, ...] = tuple(output)  # type: ignore[arg-type]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"output names {twice} twice; each modality is written once")
    return str(names[0]) if len(names) == 1 else names


def _checked_stop(stop: object) -> tuple[str, ...]:
    """Return the strings at which an answer ends; ConfigurationError where one is none, or empty."""
    listed = (stop,) if isinstance(stop, str) else tuple(stop) if isinstance(stop, Sequence) else (stop,)
    if not all(isinstance(one, str) and one for one in listed):
        raise ConfigurationError(f"stop is a text that is not empty, or a list of such, not {shown(stop)}")
    return listed


def _faults_of_choice(request: Request) -> list[str]:
    """Return which of the ways to choose an answer exclude one another, each in words."""
    sampling, drawn = request.sampling, request.beams is None
    found = {
        "beams and best_of exclude one another: beams are ranked by likelihood": not drawn and request.best_of > 1,
        "beams and greedy exclude one another: one beam is greedy": not drawn and sampling.is_greedy,
        "beams draw nothing; leave temperature and top_p at 1": not drawn
        and (sampling.temperature != 1.0 or sampling.top_p != 1.0)
        and not sampling.is_greedy,
        "beams are searched once; leave drafts out": not drawn and request.most_drafts > 1,
        "beams and stop exclude one another: beams are ranked whole": not drawn and bool(request.stop),
        "beams need guided answers": not drawn and not request.guided,
        f"num_samples {request.num_samples} is more than the {request.beams} beams that are searched": not drawn
        and request.num_samples > (request.beams or 0),
        "best_of chooses among drawn answers, and greedy draws none": drawn
        and request.best_of > 1
        and sampling.is_greedy,
        "scorer ranks the answers of best_of; say how many": request.scorer is not None and request.best_of == 1,
        "drafts are written again to keep a rule, and unguided answers keep none; leave drafts out": not request.guided
        and request.most_drafts > 1,
        "kept needs an output of several modalities, one of which it fills": request.kept is not None
        and len(request.outputs) < 2,
        "kept says the length; leave length out": request.kept is not None and request.length is not None,
        "kept and unguided exclude one another: nothing is forced": request.kept is not None and not request.guided,
    }
    return [fault for fault, holds in found.items() if holds]


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
