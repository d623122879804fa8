"""Which tokens of a prompt an attribution judges, which residues and atoms they write, and what stands in for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from biomatrix.entities.base_entity import Entity
from biomatrix.generation.token_units import segment_units
from biomatrix.vocabulary.segments import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from biomatrix.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class ShownEntity:
    """An entity of the prompt as its tokens spell it.

    Parameters
    ----------
    segment : Segment
        Its value is the decoded entity, whose residues or atoms stand in the order of the tokens.
    tokens : tuple of tuple of int, length N
        The places in the prompt of the tokens that write each residue or atom; empty where none does.
    """

    segment: Segment
    tokens: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class JudgedTokens:
    """The tokens of a prompt that are judged: the user's words and entities, without control and special tokens.

    Parameters
    ----------
    places : tuple of int
        Where they stand.
    entities : tuple of ShownEntity
        The entities, parts of composites on their own.
    modalities : tuple of (str or None), as long as the prompt
        The modality of each token, None outside segments.
    """

    places: tuple[int, ...]
    entities: tuple[ShownEntity, ...]
    modalities: tuple[str | None, ...]

    @property
    def groups(self) -> list[tuple[int, ...]]:
        """What occlusion takes away together: the tokens of each residue or atom, every other token alone."""
        units = [tokens for shown in self.entities for tokens in shown.tokens if tokens]
        covered = {place for tokens in units for place in tokens}
        return [*dict.fromkeys(units), *((place,) for place in self.places if place not in covered)]


def judged_tokens(vocabulary: Vocabulary, prompt: Sequence[int], inner: Sequence[int]) -> JudgedTokens:
    """Return the tokens of a prompt that are judged.

    Parameters
    ----------
    vocabulary : Vocabulary
    prompt : sequence of int
        The ids, with the conversation around them.
    inner : sequence of int
        What the user said; where it does not stand in the prompt as it is, all of the prompt is judged.
    """
    start = _place_of(inner, prompt)
    spoken = range(len(prompt)) if start is None else range(start, start + len(inner))
    modalities: list[str | None] = [None] * len(prompt)
    judged = set(np.flatnonzero(np.isin(np.array(prompt), vocabulary.plain_ids)).tolist())
    entities: list[ShownEntity] = []
    for segment in _flat(vocabulary.segments(prompt)):
        if segment.modality is None or not isinstance(segment.value, Entity):
            continue
        inside = range(segment.start + 1, segment.stop - 1)
        for place in inside:
            modalities[place] = segment.modality
        judged |= set(inside)
        entities.append(ShownEntity(segment, _unit_tokens(vocabulary, prompt, segment)))
    return JudgedTokens(tuple(sorted(judged & set(spoken))), tuple(entities), tuple(modalities))


def neutral_embeddings(vocabulary: Vocabulary, judged: JudgedTokens, embedding: Tensor, prompt: Tensor) -> Tensor:
    """Return the prompt with every judged token made neutral, ``[T, D]``.

    Neutral is the mean embedding of the tokens that may stand there: those of the modality, or of text. It is a
    residue, but none in particular.

    Parameters
    ----------
    vocabulary : Vocabulary
    judged : JudgedTokens
    embedding : Tensor, shape=(V, D)
    prompt : Tensor, shape=(T, D)
    """
    neutral = prompt.clone()
    means: dict[str | None, Tensor] = {}
    for place in judged.places:
        name = judged.modalities[place]
        if name not in means:
            means[name] = embedding[_alternatives(vocabulary, name)].mean(dim=0)
        neutral[place] = means[name]
    return neutral


def _alternatives(vocabulary: Vocabulary, modality: str | None) -> Tensor:
    """Return the ids of the tokens that may stand in a segment, or of text."""
    ids: NDArray[np.int64] = vocabulary.plain_ids
    if modality is not None and not vocabulary.block(modality).modality.spelled_as_text:
        ids = np.array(sorted(vocabulary.segment_ids(modality).tokens.values()), dtype=np.int64)
    return torch.from_numpy(np.asarray(ids, dtype=np.int64))


def _unit_tokens(vocabulary: Vocabulary, prompt: Sequence[int], segment: Segment) -> tuple[tuple[int, ...], ...]:
    units = segment_units(vocabulary, prompt, segment)
    places: list[list[int]] = [[] for _ in range(1 + max((unit for one in units for unit in one), default=-1))]
    for offset, written in enumerate(units):
        for unit in written:
            places[unit].append(segment.start + 1 + offset)
    return tuple(map(tuple, places))


def _flat(segments: Sequence[Segment]) -> list[Segment]:
    """Return segments with composites replaced by their parts."""
    return [part for segment in segments for part in (_flat(segment.parts) if segment.parts else [segment])]


def _place_of(inner: Sequence[int], whole: Sequence[int]) -> int | None:
    """Return where one list of ids stands in another, None where it does not."""
    wanted, ids = list(inner), list(whole)
    return next((at for at in range(len(ids) - len(wanted) + 1) if ids[at : at + len(wanted)] == wanted), None)
