"""The texts nearest to entities and the entities nearest to texts, by a projector that was aligned and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.folder import open_pool, require_alignment, spelled
from biomatrix.soft.alignment.retrieval import cosine
from biomatrix.soft.soft_source import SoftSource

if TYPE_CHECKING:
    from numpy.typing import NDArray


def nearest_texts(
    folder: str | Path, entities: Sequence[Entity], decoder: str = "nano", top: int = 5, among: Path | None = None
) -> list[dict[str, Any]]:
    """Return the texts nearest to each entity.

    Parameters
    ----------
    folder : str or Path
        Of ``biomatrix soft align``, for contrast in embedding space.
    entities : sequence of Entity
    decoder : str
        The model it was aligned to; opened only where its embeddings or states are the texts' side.
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
    require_alignment(folder)
    source = SoftSource.from_pretrained(folder)
    pool = open_pool(folder, Decoder(decoder))
    texts, keys, vectors = pool.texts, pool.text_keys, pool.text_vectors
    if among is not None:
        texts = _lines(among)
        keys, vectors = [""] * len(texts), pool.space.encode(texts)
    placed = []
    for number, found in enumerate(source.encoder.encode_each(entities), start=1):
        if isinstance(found, BioMatrixError):
            raise found.at(record=number)
        # The learned vectors are the same for all entities: they tell none from another.
        placed.append(source.projected(found)[: source.record.k].mean(axis=0))
    likeness = cosine(np.stack(placed), vectors)
    return _told([spelled(entity) for entity in entities], likeness, texts, keys, top)


def nearest_entities(
    folder: str | Path, texts: Sequence[str], decoder: str = "nano", top: int = 5
) -> list[dict[str, Any]]:
    """Return the entities of the folder that lie nearest to each text; see :func:`nearest_texts`.

    Raises
    ------
    ConfigurationError
        A text is empty, or says nothing that the side of texts knows.
    """
    pool = open_pool(folder, Decoder(decoder))
    likeness = cosine(pool.space.encode(texts), pool.entity_vectors)
    return _told(list(texts), likeness, pool.entities, pool.entity_keys, top)


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
    if not path.is_file():
        raise ConfigurationError("no such file; give texts, one a line", file=str(path))
    found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not found:
        raise ConfigurationError("holds no text", file=str(path))
    return found
