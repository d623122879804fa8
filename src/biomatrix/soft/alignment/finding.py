"""The texts nearest to entities and the entities nearest to texts, by a projector that was aligned and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.text import read_lines
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.folder import Pool, open_pool, read_about, spelled
from biomatrix.soft.alignment.objectives import hidden_anchors
from biomatrix.soft.alignment.retrieval import cosine
from biomatrix.soft.alignment.run import BEFORE
from biomatrix.soft.soft_source import SoftSource

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_AT_ONCE: Final = 64
"""Entities whose vectors go through a decoder together."""


def nearest_texts(
    folder: str | Path, entities: Sequence[Entity], decoder: str | None = None, top: int = 5, among: Path | None = None
) -> list[dict[str, Any]]:
    """Return the texts nearest to each entity.

    Parameters
    ----------
    folder : str or Path
        Of ``biomatrix soft align``. An entity lies where it lay when the projector was judged: at the decoder's hidden
        states where it was trained for contrast in hidden space, else at the mean of its projected vectors.
    entities : sequence of Entity
    decoder : str, optional
        The model it was aligned to, the one that the folder names when not given; opened only where its embeddings or
        states are needed.
    top : int
    among : Path, optional
        Texts to look among, one a line; those of the folder when not given.

    Returns
    -------
    list of dict
        ``asked``, ``among`` how many was looked, and ``nearest``: rows of ``found``, ``key`` and ``cosine``.

    Raises
    ------
    BioMatrixError
        An entity has no vectors, with its number.
    """
    opened = _decoder(folder, decoder)
    source = SoftSource.from_pretrained(folder)
    pool = open_pool(folder, opened)
    texts, keys, vectors = pool.texts, pool.text_keys, pool.text_vectors
    if among is not None:
        texts = _lines(among)
        keys, vectors = [""] * len(texts), pool.space.encode(texts)
    if not entities:
        return []
    given = torch.from_numpy(source.encoder.encode(entities))
    likeness = cosine(_placed(source, pool, opened, given), vectors)
    return _told([spelled(entity) for entity in entities], likeness, texts, keys, top)


def nearest_entities(
    folder: str | Path, texts: Sequence[str], decoder: str | None = None, top: int = 5
) -> list[dict[str, Any]]:
    """Return the entities of the folder that lie nearest to each text; see :func:`nearest_texts`.

    Raises
    ------
    ConfigurationError
        A text is empty, or says nothing that the side of texts knows.
    """
    pool = open_pool(folder, _decoder(folder, decoder))
    likeness = cosine(pool.space.encode(texts), pool.entity_vectors)
    return _told(list(texts), likeness, pool.entities, pool.entity_keys, top)


def _decoder(folder: str | Path, name: str | None) -> Decoder:
    return Decoder(name if name is not None else read_about(folder)["decoder"])


def _placed(source: SoftSource, pool: Pool, decoder: Decoder, vectors: Tensor) -> NDArray[np.float32]:
    """Return where entities lie among the texts, ``float32 [n, D]``, as when the projector was judged."""
    with torch.inference_mode():
        if pool.goal != "hidden":
            # The learned vectors are the same for all entities: they tell none from another.
            mean: NDArray[np.float32] = source.projector(vectors).mean(dim=1).numpy()
            return mean
        if decoder.hash != source.record.decoder_hash:
            raise ConfigurationError(
                f"the projector was made for the decoder {source.record.decoder_hash[:16]}, and {decoder.name} is "
                f"{decoder.hash[:16]}; name that decoder"
            )
        before = torch.tensor(decoder.vocabulary.encode_text(BEFORE), dtype=torch.long)
        centre = torch.from_numpy(pool.space.mean)
        parts = [
            hidden_anchors(decoder.network, before, source.projector, some, centre)
            for some in torch.split(vectors, _AT_ONCE)
        ]
        found: NDArray[np.float32] = torch.cat(parts).numpy()
    return found


def _told(
    asked: Sequence[str], likeness: NDArray[np.float32], found: Sequence[str], keys: Sequence[str], top: int
) -> list[dict[str, Any]]:
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :top].tolist()
    return [
        {
            "asked": one,
            "among": len(found),
            "nearest": [{"found": found[at], "key": keys[at], "cosine": float(row[at])} for at in places],
        }
        for one, row, places in zip(asked, likeness, order, strict=True)
    ]


def _lines(path: Path) -> list[str]:
    found = [line.strip() for line in read_lines(path) if line.strip()]
    if not found:
        raise ConfigurationError("holds no text", file=str(path))
    return found
