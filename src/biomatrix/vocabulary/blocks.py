"""The place of each modality in a vocabulary, read off the token strings that a tokenizer holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.base_modality import Modality
from biomatrix.entities.composite import CompositeModality
from biomatrix.errors import BioMatrixError, ConfigurationError, VocabularyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROLES = frozenset({"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[BOS]", "[EOS]"})
"""Role tokens of other tokenizers that are spelled like SELFIES symbols."""

Speller = Callable[[str], Sequence[int]]
"""Gives the base pieces of a string that stands inside a segment."""


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
    spell : callable
        The base pieces of a string that stands inside a segment.
    parts : mapping of str to Block
        For a composite modality, the blocks that it borrows, by name; see :func:`join_parts`.
    """

    modality: Modality
    start_id: int
    end_id: int
    tokens: tuple[str, ...]
    ids: NDArray[np.int64]
    index: dict[str, int] = field(repr=False)
    spell: Speller = field(repr=False)
    parts: Mapping[str, Block] = field(default_factory=dict, repr=False)

    @property
    def text_ids(self) -> NDArray[np.int64]:
        """The ids of base pieces that may stand inside the modality: ``int64 [at most len(text_tokens)]``."""
        ids = (self.index.get(token) for token in self.modality.text_tokens)
        return np.array([id_ for id_ in ids if id_ is not None], dtype=np.int64)

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
        """Return the ids of tokens, ``int32 [len(tokens)]``; for text inside a composite, those of its pieces.

        Raises
        ------
        VocabularyError
            If a token is not held; names the first one, with its index.
        DecodeError
            If the tokens of a composite are no sequence of its own tokens and its parts.
        """
        return self._lookup_own(tokens) if self.composite is None else self._lookup_nested(tokens, self.composite)

    def wrap(self, tokens: Sequence[str]) -> NDArray[np.int32]:
        """Return one segment's ids, control pair included: ``int32 [n + 2]``.

        The tokens of a modality spelled as text are cut into base pieces, those of any other are looked up.
        """
        if self.modality.spelled_as_text:
            inner = np.array(self.spell("".join(tokens)), dtype=np.int32)
        else:
            inner = self.lookup(tokens)
        return np.concatenate([self.start_array, inner, self.end_array])

    @property
    def composite(self) -> CompositeModality | None:
        """The modality where it is a composite, else None."""
        return self.modality if isinstance(self.modality, CompositeModality) else None

    def _lookup_nested(self, tokens: Sequence[str], composite: CompositeModality) -> NDArray[np.int32]:
        pieces = [np.empty(0, dtype=np.int32)]
        for item in composite.outline(tokens):
            inside = slice(item.start, item.stop) if item.modality is None else slice(item.start + 1, item.stop - 1)
            encode = self._lookup_own if item.modality is None else self.parts[item.modality].wrap
            try:
                pieces.append(encode(tokens[inside]))
            except BioMatrixError as error:
                position = inside.start + (error.position if isinstance(error.position, int) else 0)
                raise type(error)(f"inside {self.name}: {error.message}", position=position) from None
        return np.concatenate(pieces)

    def _lookup_own(self, tokens: Sequence[str]) -> NDArray[np.int32]:
        try:
            # Joining four bytes per id is quicker than turning Python integers into an array.
            return np.frombuffer(b"".join(map(self._packed.__getitem__, tokens)), dtype=np.int32)
        except KeyError:
            position = next(i for i, token in enumerate(tokens) if token not in self.index)
            raise self.not_held(tokens[position], position) from None

    @cached_property
    def start_array(self) -> NDArray[np.int32]:
        """The start token's id, ``int32 [1]``, to join with others."""
        return np.array([self.start_id], dtype=np.int32)

    @cached_property
    def end_array(self) -> NDArray[np.int32]:
        """The end token's id, ``int32 [1]``."""
        return np.array([self.end_id], dtype=np.int32)

    @cached_property
    def _packed(self) -> dict[str, bytes]:
        return {token: np.int32(id_).tobytes() for token, id_ in self.index.items()}

    def not_held(self, token: str, position: int) -> VocabularyError:
        """Return the error for a token of this modality that the vocabulary does not hold."""
        return VocabularyError(
            f"token {token!r} at index {position} of {self.name} is not among the {len(self.tokens):,} "
            "tokens the vocabulary holds for it; write the entity in another modality, or build "
            "a vocabulary with wider coverage",
            position=position,
        )


def block_of(blocks: Mapping[str, Block], modality: str) -> Block:
    """Return a modality's block; VocabularyError where it has none."""
    try:
        return blocks[modality]
    except KeyError:
        raise VocabularyError(f"the vocabulary does not hold {modality!r}; it holds {', '.join(blocks)}") from None


def find_blocks(added: Mapping[str, int], modalities: Iterable[Modality], spell: Speller) -> dict[str, Block]:
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
        By modality name, in the order given; composites without their parts, which :func:`join_parts` adds.

    Raises
    ------
    VocabularyError
        If the tokenizer holds only one of a control pair, or two modalities claim one token.
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
        own_tokens = [] if modality.spelled_as_text else _matching(candidates, modality, owners)
        pieces_of = {token: spell(token) for token in modality.text_tokens}
        index = dict(own_tokens) | {token: pieces[0] for token, pieces in pieces_of.items() if len(pieces) == 1}
        blocks[modality.name] = Block(
            modality,
            added[modality.start_token],
            added[modality.end_token],
            tuple(token for token, _ in own_tokens),
            np.array([id_ for _, id_ in own_tokens], dtype=np.int64),
            index,
            spell,
        )
    return blocks


def join_parts(blocks: Mapping[str, Block]) -> dict[str, Block]:
    """Return the blocks, each composite with the blocks of its parts, and its modality with theirs.

    Raises
    ------
    VocabularyError
        If a composite borrows a modality that has no block.
    ConfigurationError
        If a composite is a part of itself.
    """
    result: dict[str, Block] = {}
    for name in blocks:
        _join(name, blocks, result, ())
    return {name: result[name] for name in blocks}


def _join(name: str, blocks: Mapping[str, Block], result: dict[str, Block], outer: tuple[str, ...]) -> Block:
    if name in outer:
        raise ConfigurationError(f"{name} is a part of itself: {' > '.join((*outer, name))}")
    if name not in result:
        block = blocks[name]
        missing = next((part for part in block.modality.parts if part not in blocks), None)
        if missing is not None:
            raise VocabularyError(
                f"{name} borrows the tokens of {missing}, which the vocabulary does not hold; add {missing} to its "
                f"modalities, or leave {name} out"
            )
        parts = {part: _join(part, blocks, result, (*outer, name)) for part in block.modality.parts}
        if block.composite is not None:
            composite = block.composite.with_parts({part: inner.modality for part, inner in parts.items()})
            block = replace(block, modality=composite, parts=parts)
        result[name] = block
    return result[name]


def _has_pair(added: Mapping[str, int], modality: Modality) -> bool:
    present = [token for token in (modality.start_token, modality.end_token) if token in added]
    if len(present) == 1:
        raise VocabularyError(f"the tokenizer holds {present[0]!r} but not the other control token of {modality.name}")
    return len(present) == 2


def _matching(
    candidates: Sequence[tuple[str, int]], modality: Modality, owners: dict[str, str]
) -> list[tuple[str, int]]:
    fullmatch = modality.token_pattern.fullmatch
    matches = [item for item in candidates if fullmatch(item[0])]
    for token, _ in matches:
        if owners.setdefault(token, modality.name) != modality.name:
            raise VocabularyError(f"token {token!r} is claimed by {owners[token]} and by {modality.name}")
    return matches
