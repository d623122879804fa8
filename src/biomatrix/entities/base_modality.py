"""What a modality is: one way of writing one kind of entity as tokens."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import numpy as np

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.check import Check
from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.once_automaton import OnceAutomaton
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.entities.slow_checks import further_checks_of
from biomatrix.entities.table_automaton import TableAutomaton
from biomatrix.errors import BioMatrixError, DecodeError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity

_GROUP: Final[re.Pattern[str]] = re.compile(r"\[[^\[\]]*\]|<[^<>]*>|\S")

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Modality(ABC):
    """One way of writing one kind of entity as tokens, and everything particular to it.

    A new modality is one subclass and one line in the registration of its kind; nothing else asks which modality it
    holds.
    """

    name: ClassVar[str]
    """The public name, such as ``molecule_structure``."""
    kind: ClassVar[str]
    """The kind of entity it writes, by name."""
    start_token: ClassVar[str]
    end_token: ClassVar[str]
    start_description: ClassVar[str]
    """The phrase the start token's embedding starts from."""
    end_description: ClassVar[str]
    spelled_as_text: ClassVar[bool] = False
    """True where the base tokenizer spells the tokens (SMILES); the vocabulary then holds no block for it."""
    token_pattern: ClassVar[re.Pattern[str]]
    """Fully matches the tokens of this modality, and no other's, among a tokenizer's *added* tokens."""
    text_tokens: ClassVar[tuple[str, ...]] = ()
    """Tokens that the base tokenizer spells beside the added ones (the dot between fragments in SELFIES)."""
    file_format: ClassVar[str]
    """The extension of the file that a decoded entity is best written to, such as ``sdf``."""
    needs_structure: ClassVar[bool] = False
    """True where an entity must have coordinates to be written."""
    needs_tokenizer: ClassVar[bool] = False
    """True where codes of a structure tokenizer stand in the tokens; ``tokenizer`` is then the one it uses."""
    open_ended: ClassVar[bool] = False
    """True where only a corpus shows which tokens there are: a vocabulary keeps those that cover most of it."""
    counts: ClassVar[str | None] = None
    """What a requested length counts, such as ``residue``, where other modalities of the kind count it too: segments of
    one entity then have the same length."""
    cannot_carry: ClassVar[tuple[str, ...]] = ()
    """What is lost between any entity and its tokens, one phrase per loss; :meth:`losses` says it of one entity."""
    parts: ClassVar[tuple[str, ...]] = ()
    """The modalities whose tokens it borrows, by name; see :class:`~biomatrix.entities.composite.CompositeModality`."""

    def accepts(self, entity: Entity) -> bool:
        """Return whether the entity is of this modality's kind and has the coordinates it needs."""
        return entity.kind == self.kind and (entity.has_structure or not self.needs_structure)

    @abstractmethod
    def encode(self, entity: Entity) -> list[str]:
        """Return the entity's tokens, without the control pair. Raises UnsupportedError where it has none."""

    def losses(self, entity: Entity) -> tuple[str, ...]:
        """Return what of this entity its tokens do not say and a reader would take otherwise, one sentence each.

        Not what every entity loses (``cannot_carry``: coordinates in a SMILES string, names), but what makes these
        tokens say something else: a racemate written as one enantiomer, an isotope label left out. The sentences go
        into the notes of every line that is written. Nothing, unless a subclass knows of losses.

        Parameters
        ----------
        entity : Entity
            One that :meth:`encode` writes.
        """
        return ()

    @abstractmethod
    def decode(self, tokens: Sequence[str]) -> Entity:
        """Return the entity the tokens spell. Raises DecodeError with the index of the first bad token."""

    def encode_each(self, entities: Sequence[Entity]) -> list[list[str] | BioMatrixError]:
        """Encode many entities: for each, in order, its tokens or the error that refused it.

        The same tokens as one at a time, faster where the modality has a batched path.
        """
        return [attempt(self.encode, entity) for entity in entities]

    def rewrite(self, entity: Entity, number: int) -> list[str] | None:
        """Write an entity in another of the ways that read back as the same; None where there is no such way.

        What is one of several here, the order of atoms or the conformer, depends on the entity and the number alone.

        Parameters
        ----------
        entity : Entity
            As :meth:`encode` takes it.
        number : int
            Which way, from 1.
        """
        return None

    def rewrite_each(self, entities: Sequence[Entity], number: int) -> list[list[str] | BioMatrixError | None]:
        """Rewrite many entities: for each, in order, its tokens, the error that refused it, or None."""
        return [attempt(partial(self.rewrite, number=number), entity) for entity in entities]

    def decode_each(self, sequences: Sequence[Sequence[str]]) -> Sequence[Entity | BioMatrixError]:
        """Decode many token lists: for each, in order, its entity or the error that refused it."""
        return [attempt(self.decode, tokens) for tokens in sequences]

    def split(self, text: str) -> list[str]:
        """Return the tokens that a text between the control pair spells; white space between them is ignored.

        A text that the base tokenizer spells is one token. Otherwise a token is one bracket group, or one
        character between groups (the dot of SELFIES).
        """
        return [text] if self.spelled_as_text else _GROUP.findall(text)

    def code_of(self, token: str) -> int | None:
        """Return the structure code that a token carries, None where it carries none."""
        return None

    def spans(self, tokens: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the tokens with the modality they belong to: all of them with this one, unless it is a composite."""
        yield self.name, tokens

    def written_with(self) -> tuple[Modality, ...]:
        """Return the modalities that its tokens depend on: itself, unless it is a composite."""
        return (self,)

    @property
    def tokenizer(self) -> Any:
        """The structure tokenizer, opened when first needed; only where ``needs_tokenizer``."""
        raise UnsupportedError(f"{self.name} uses no structure tokenizer")

    @abstractmethod
    def vocabulary(self) -> Mapping[str, str]:
        """Return the tokens known without a corpus, each with the description its embedding starts from."""

    def describe(self, token: str) -> str:
        """Return the description of a token of this modality: its own string unless a better one is known."""
        return self.vocabulary().get(token, token)

    def geometry(self, token: str) -> NDArray[np.float64] | None:
        """Return features of what the token places in space, ``float64 [F]``, or None; near codes have near vectors."""
        return None

    def settings(self) -> Mapping[str, Any]:
        """Return, as JSON, the settings that its tokens depend on, as its constructor takes them; {} for none.

        A vocabulary keeps them, and opens the modality with them again.
        """
        return {}

    def grammar(self) -> Grammar | None:
        """Return which class of token may follow which, or None where any string may be written (SMILES)."""
        return None

    def token_class(self, token: str) -> int:
        """Return the column of ``grammar().transitions`` the token belongs to."""
        return 0

    def automaton(self, ids: SegmentIds) -> Automaton:
        """Return which ids may come next inside a segment: by default the table of :meth:`grammar` over the ids.

        A modality whose rules need more than a table brings its own. It is not cached here: a vocabulary keeps one for
        each of its modalities.

        Parameters
        ----------
        ids : SegmentIds
            The ids that the vocabulary gives the modality.
        """
        grammar = self.grammar() or one_or_more(counted=False)
        if self.spelled_as_text:
            inside, classes = ids.plain_ids, np.zeros(len(ids.plain_ids), dtype=np.int16)
        else:
            members = sorted((id_, token) for token, id_ in ids.tokens.items())
            inside = np.array([id_ for id_, _ in members], dtype=np.int64)
            classes = np.array([self.token_class(token) for _, token in members], dtype=np.int16)
        table = TableAutomaton(self.name, ids.start_id, ids.end_id, inside, classes, grammar)
        return table if grammar.once is None else OnceAutomaton(table, inside[grammar.once[classes]])

    def bound_by(self, automaton: Automaton, tokens: Sequence[str], sibling: Modality) -> tuple[Automaton, int | None]:
        """Return how a segment of another modality, of the same entity, binds one of this: its automaton and length.

        By default the automaton as it is, and the same length where both count the same.

        Parameters
        ----------
        automaton : Automaton
            Of this modality, perhaps narrowed already.
        tokens : sequence of str
            What stands in the other segment.
        sibling : Modality
            The modality of that.

        Raises
        ------
        ConfigurationError
            No segment of this modality is of that entity: the answer ends there, as a draft that is refused.
        """
        same = self.counts is not None and self.counts == sibling.counts
        return automaton, sibling.length(tokens) if same else None

    def length(self, tokens: Sequence[str]) -> int:
        """Return the number of counted tokens: residues, atoms, symbols; all tokens unless a subclass overrides."""
        return len(tokens)

    def units(self, tokens: Sequence[str]) -> list[tuple[int, ...]]:
        """Return which residues or atoms of the decoded entity each token writes, counted from 0.

        For what is known of tokens and should be said of residues or atoms: log-probabilities, attributions. By
        default no token writes any.

        Parameters
        ----------
        tokens : sequence of str
            What :meth:`decode` takes, and reads without an error.
        """
        return [()] * len(tokens)

    def check(self, entity: Entity) -> list[Check]:
        """Return the checks of a decoded entity: those of its kind, unless a subclass brings its own."""
        return kind_of(entity).check(entity)

    def further_checks(self, entity: Entity) -> list[Check]:
        """Return the checks that cost more, beside those of :meth:`check`: those of its kind."""
        return further_checks_of(entity)


def checked_tokens(tokens: Sequence[str]) -> list[str]:
    """Return tokens as a list; DecodeError where they are no strings, with the index of the first that is none."""
    if not isinstance(tokens, Iterable):
        raise DecodeError(f"tokens are a list of strings, not {type(tokens).__name__}")
    listed = list(tokens)
    wrong = next((index for index, token in enumerate(listed) if not isinstance(token, str)), None)
    if wrong is not None:
        raise DecodeError(f"a token is a string, not {type(listed[wrong]).__name__}", position=wrong)
    return listed


def attempt(function: Callable[[Argument], Result], argument: Argument) -> Result | BioMatrixError:
    """Return what a function returns for one record, or the error that refused it."""
    try:
        return function(argument)
    except BioMatrixError as error:
        return error
