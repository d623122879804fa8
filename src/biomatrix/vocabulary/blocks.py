"""Where each modality lives in a vocabulary, read off the token strings a tokenizer holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.base_modality import Modality
from biomatrix.errors import VocabularyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROLES = frozenset({"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[BOS]", "[EOS]"})
"""Role tokens of other tokenizers that are spelled like SELFIES symbols."""


@dataclass(frozen=True, eq=False)
class Block:
    """The tokens of one modality.

    Parameters
    ----------
    modality : Modality
        What the tokens mean.
    start_id, end_id : int
        The control pair.
    tokens : tuple of str
        The modality's own tokens in order of id; empty where it is spelled as text.
    ids : ndarray, shape=(n,), dtype=int64
        Their ids, ascending, not necessarily contiguous.
    index : dict of str to int
        Token to id: the modality's own tokens, and those of its ``text_tokens`` that are one base piece.
    """

    modality: Modality
    start_id: int
    end_id: int
    tokens: tuple[str, ...]
    ids: NDArray[np.int64]
    index: dict[str, int] = field(repr=False)

    @property
    def text_ids(self) -> NDArray[np.int64]:
        """The ids of base pieces that may stand inside the modality: ``int64 [at most len(text_tokens)]``."""
        held = (self.index.get(token) for token in self.modality.text_tokens)
        return np.array([id_ for id_ in held if id_ is not None], dtype=np.int64)

    @property
    def name(self) -> str:
        """The modality's name."""
        return self.modality.name

    @property
    def span(self) -> slice | None:
        """The ids as a slice where they are contiguous, else None."""
        if not len(self.ids) or int(self.ids[-1] - self.ids[0]) + 1 != len(self.ids):
            return None
        return slice(int(self.ids[0]), int(self.ids[-1]) + 1)

    def lookup(self, tokens: Sequence[str]) -> NDArray[np.int32]:
        """Return the tokens' ids, ``int32 [len(tokens)]``; VocabularyError names the first not held."""
        try:
            # Joining four bytes an id is quicker than turning Python integers into an array.
            return np.frombuffer(b"".join(map(self._packed.__getitem__, tokens)), dtype=np.int32)
        except KeyError:
            position = next(i for i, token in enumerate(tokens) if token not in self.index)
            raise self.not_held(tokens[position], position) from None

    @cached_property
    def start_array(self) -> NDArray[np.int32]:
        """The start token's id as an array of one, to join with others."""
        return np.array([self.start_id], dtype=np.int32)

    @cached_property
    def end_array(self) -> NDArray[np.int32]:
        """The end token's id as an array of one."""
        return np.array([self.end_id], dtype=np.int32)

    @cached_property
    def _packed(self) -> dict[str, bytes]:
        return {token: np.int32(id_).tobytes() for token, id_ in self.index.items()}

    def not_held(self, token: str, position: int) -> VocabularyError:
        """Return the error for a token of this modality that the vocabulary does not hold."""
        return VocabularyError(
            f"token {token!r} at index {position} of {self.name} is not among the {len(self.tokens):,} "
            "tokens the vocabulary holds for it; write the entity in another modality, or build a "
            "vocabulary with wider coverage",
            position=position,
        )


def block_of(blocks: Mapping[str, Block], modality: str) -> Block:
    """Return a modality's block; VocabularyError where it has none."""
    try:
        return blocks[modality]
    except KeyError:
        raise VocabularyError(f"the vocabulary does not hold {modality!r}; it holds {', '.join(blocks)}") from None


def find_blocks(
    added: Mapping[str, int], modalities: Iterable[Modality], spell: Callable[[str], Sequence[int]]
) -> dict[str, Block]:
    """Find every modality whose control pair a tokenizer holds, and the tokens that belong to it.

    Parameters
    ----------
    added : mapping of str to int
        The tokenizer's added tokens and their ids, in any order.
    modalities : iterable of Modality
        The modalities to look for.
    spell : callable
        The base pieces of a string that stands inside a segment.

    Returns
    -------
    dict of str to Block
        By modality name, in the order given.
    """
    known = list(modalities)
    owners: dict[str, str] = {}
    blocks: dict[str, Block] = {}
    controls = {token for m in known for token in (m.start_token, m.end_token)}
    candidates = sorted(
        ((token, id_) for token, id_ in added.items() if token not in controls and token not in _ROLES),
        key=lambda item: item[1],
    )
    for modality in known:
        if not _has_pair(added, modality):
            continue
        held = [] if modality.spelled_as_text else _matching(candidates, modality, owners)
        spelled = {token: spell(token) for token in modality.text_tokens}
        index = dict(held) | {token: pieces[0] for token, pieces in spelled.items() if len(pieces) == 1}
        blocks[modality.name] = Block(
            modality,
            added[modality.start_token],
            added[modality.end_token],
            tuple(token for token, _ in held),
            np.array([id_ for _, id_ in held], dtype=np.int64),
            index,
        )
    return blocks


def _has_pair(added: Mapping[str, int], modality: Modality) -> bool:
    present = [token for token in (modality.start_token, modality.end_token) if token in added]
    if len(present) == 1:
        raise VocabularyError(f"the tokenizer holds {present[0]!r} but not the other control token of {modality.name}")
    return len(present) == 2


def _matching(
    candidates: Sequence[tuple[str, int]], modality: Modality, owners: dict[str, str]
) -> list[tuple[str, int]]:
    fullmatch = modality.token_pattern.fullmatch
    held = [item for item in candidates if fullmatch(item[0])]
    for token, _ in held:
        if owners.setdefault(token, modality.name) != modality.name:
            raise VocabularyError(f"token {token!r} is claimed by {owners[token]} and by {modality.name}")
    return held
