"""The hidden states of a decoder of this package as vectors: what it makes of an entity that it reads as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities.encoder import encoder_hash
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_names
from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.generation.heads import LastPosition
from biomatrix.generation.loading import open_engine
from biomatrix.soft.encoders.batching import NetworkEncoder
from biomatrix.soft.encoders.pooling import MEAN, Pooling
from biomatrix.vocabulary.token_table import token_table_fingerprint

if TYPE_CHECKING:
    from biomatrix.entities.base_modality import Modality
    from biomatrix.generation.transformers_engine import TransformersEngine
    from biomatrix.vocabulary.vocabulary import Vocabulary

_PAIR = 2
"""Control tokens round a segment, which the mean leaves out."""


class DecoderStates(NetworkEncoder):
    """Hidden states of a decoder of this package that reads an entity as one segment, their mean or means of k runs.

    Only what the modality writes is read of an entity.

    Parameters
    ----------
    engine : TransformersEngine
    kind : str
        The kind of entity that it is to encode.
    modality : str, optional
        What the entity is written in; the first of its kind that needs no structure when not given.
    k : int
        Vectors of an entity: means of so many runs of its tokens.

    Raises
    ------
    ConfigurationError
        The vocabulary has no such modality of that kind.
    """

    def __init__(self, engine: TransformersEngine, *, kind: str, modality: str | None = None, k: int = 1) -> None:
        self.kind, self.k = kind_named(kind).name, k
        self._engine = engine
        self._pooling = Pooling(MEAN, k)
        self.pooling = str(self._pooling)
        self.modality = _chosen(engine.vocabulary, kind, modality)
        self.max_length = engine.context_length - _PAIR
        self._positions = LastPosition(engine.writer.network)
        self.d = int(self._positions.input_rows.shape[1])

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        kind: str | None = None,
        modality: str | None = None,
        k: int = 1,
        device: str | None = None,
    ) -> Self:
        """Open a model by its shipped name or its folder, in single precision; see :meth:`Model.from_pretrained`.

        Raises
        ------
        ConfigurationError
            No kind is given: a decoder reads several.
        WeightsError
            There is no such model.
        """
        if kind is None:
            raise ConfigurationError(f"a decoder reads several kinds; say which with kind= ({', '.join(kind_names())})")
        return cls(open_engine(name_or_path, device=device, dtype="float32"), kind=kind, modality=modality, k=k)

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the weights (:mod:`biomatrix.generation.model_hash`), the tokens and the settings."""
        return encoder_hash(
            self,
            {
                "model": self._engine.model_hash,
                "tokens": token_table_fingerprint(self._engine.vocabulary),
                "modality": self.modality,
            },
        )

    def content(self, entity: Any) -> bytes:
        """Return the ids of the entity's segment, which are all that the decoder reads of it."""
        return bytes(np.asarray(self._ids(entity), dtype="<i8").tobytes())

    def pieces(self, entity: Any) -> list[Sequence[int]]:
        """Return the ids of the entity's segment; LimitError past the decoder's context, with the limit."""
        ids = self._ids(entity)
        count, limit = len(ids) - _PAIR, self.max_length
        if limit is not None and count > limit:
            raise LimitError(
                f"{count:,} tokens, but the decoder reads at most {limit:,} between its control tokens",
                limit="context_length",
                actual=count,
                allowed=limit,
            )
        self._pooling.check_positions(count)
        return [ids]

    def run(self, batch: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the pooled states of each segment, ``float32 [b, k, d]``.

        A token sees only what is before it, so that padding behind a segment changes none of its states.
        """
        device = self._engine.writer.network.device
        lengths = torch.tensor([len(ids) for ids in batch], device=device)
        rows = torch.zeros((len(batch), int(lengths.max())), dtype=torch.long)
        for row, ids in enumerate(batch):
            rows[row, : len(ids)] = torch.tensor(ids)
        places = torch.arange(rows.shape[1], device=device)[None]
        mask = (places >= 1) & (places < lengths[:, None] - 1)
        with torch.inference_mode():
            states = self._positions.hidden_states(rows.to(device)).float()
            found: NDArray[np.float32] = self._pooling(states, mask).cpu().numpy()
        return found

    def _ids(self, entity: Any) -> list[int]:
        return self._engine.vocabulary.encode_entity(entity, self.modality)


def _chosen(vocabulary: Vocabulary, kind: str, asked: str | None) -> str:
    """Return the modality in which entities of a kind are written, refused where the vocabulary has none such."""
    held: list[Modality] = [
        vocabulary.modality(name) for name in kind_named(kind).modalities if name in vocabulary.modalities
    ]
    names = [one.name for one in held]
    if asked is not None:
        if asked not in names:
            raise ConfigurationError(
                f"modality={asked!r}; the decoder writes a {kind} in: {', '.join(names) or 'no modality'}"
            )
        return asked
    plain = [one.name for one in held if not one.needs_structure and not one.spelled_as_text]
    if not names:
        raise ConfigurationError(f"the decoder's vocabulary holds no modality of the kind {kind}")
    return (plain or names)[0]
