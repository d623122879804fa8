"""Which ids may come next inside a segment: a modality's grammar laid over a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.base_modality import Grammar
from biomatrix.errors import VocabularyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.vocabulary.blocks import Block


@dataclass(frozen=True, eq=False)
class Constraint:
    """The automaton of one modality over token ids.

    Legend: S states, V embedding rows, N ids the modality may write (its own, or base pieces for text).

    Parameters
    ----------
    modality : str
        The modality's name.
    start_id, end_id : int
        The control pair. The automaton begins after the start token; the end token may come where a state
        accepts.
    ids : ndarray, shape=(N,), dtype=int64
        Every id that may stand inside the segment, ascending.
    classes : ndarray, shape=(N,), dtype=int16
        The column of ``grammar.transitions`` each id belongs to.
    grammar : Grammar
        States, transitions, and which classes count towards a requested length.
    size : int
        V.
    """

    modality: str
    start_id: int
    end_id: int
    ids: NDArray[np.int64]
    classes: NDArray[np.int16]
    grammar: Grammar
    size: int

    @property
    def start(self) -> int:
        """The state after the start token."""
        return self.grammar.start

    @property
    def num_states(self) -> int:
        """S."""
        return len(self.grammar.accepting)

    @property
    def span(self) -> slice | None:
        """The ids as a slice where they are contiguous, else None."""
        if not len(self.ids) or int(self.ids[-1] - self.ids[0]) + 1 != len(self.ids):
            return None
        return slice(int(self.ids[0]), int(self.ids[-1]) + 1)

    @cached_property
    def id_class(self) -> NDArray[np.int16]:
        """The class of every id, -1 for ids that may not stand inside the segment: ``int16 [V]``."""
        table = np.full(self.size, -1, dtype=np.int16)
        table[self.ids] = self.classes
        return table

    @cached_property
    def masks(self) -> NDArray[np.bool_]:
        """Which ids may come next in each state, the end token among them: ``bool [S, V]``."""
        masks = np.zeros((self.num_states, self.size), dtype=bool)
        masks[:, self.ids] = (self.grammar.transitions >= 0)[:, self.classes]
        masks[:, self.end_id] = self.grammar.accepting
        return masks

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Which ids count towards a requested length: ``bool [V]``."""
        counted = np.zeros(self.size, dtype=bool)
        counted[self.ids] = self.grammar.counted[self.classes]
        return counted

    def allowed(self, state: int) -> NDArray[np.bool_]:
        """Return which ids may come next in a state: ``bool [V]``."""
        row: NDArray[np.bool_] = self.masks[state]
        return row

    def next(self, state: int, token_id: int) -> int:
        """Return the state after an id that is not the end token; VocabularyError where it may not come."""
        klass = int(self.id_class[token_id]) if 0 <= token_id < self.size else -1
        following = int(self.grammar.transitions[state, klass]) if klass >= 0 else -1
        if following < 0:
            raise VocabularyError(f"id {token_id} may not come in state {state} of {self.modality}")
        return following

    def next_states(self, states: NDArray[np.integer], token_ids: NDArray[np.integer]) -> NDArray[np.int16]:
        """Return the states after one id each; -1 where it may not come, and after the end token.

        Parameters
        ----------
        states, token_ids : ndarray, shape=(batch,), dtype=integer
            Current states (-1 stays -1) and the ids chosen.

        Returns
        -------
        ndarray, shape=(batch,), dtype=int16
        """
        classes = self.id_class[token_ids]
        following = self.grammar.transitions[states, classes]
        return np.where((states >= 0) & (classes >= 0), following, -1).astype(np.int16)


def free_grammar() -> Grammar:
    """Return the grammar of one or more tokens of a single class that has no natural count."""
    return Grammar(
        transitions=np.array([[1], [1]], dtype=np.int16),
        accepting=np.array([False, True]),
        counted=np.array([False]),
    )


def build_constraint(block: Block, plain_ids: NDArray[np.int64], size: int) -> Constraint:
    """Lay a modality's grammar over the ids of a vocabulary.

    Parameters
    ----------
    block : Block
        The modality's place in the vocabulary.
    plain_ids : ndarray, shape=(P,), dtype=int64
        The base model's pieces: what a modality spelled as text may write.
    size : int
        The number of embedding rows.
    """
    modality = block.modality
    grammar = modality.grammar() or free_grammar()
    if modality.spelled_as_text:
        classes = np.zeros(len(plain_ids), dtype=np.int16)
        return Constraint(block.name, block.start_id, block.end_id, plain_ids, classes, free_grammar(), size)
    members = sorted((id_, token) for token, id_ in block.index.items())
    return Constraint(
        block.name,
        block.start_id,
        block.end_id,
        np.array([id_ for id_, _ in members], dtype=np.int64),
        np.array([modality.token_class(token) for _, token in members], dtype=np.int16),
        grammar,
        size,
    )
