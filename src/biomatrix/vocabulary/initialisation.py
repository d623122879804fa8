"""The embedding rows of new tokens; every row that was there before stays as it was, bit for bit.

Two schemes. *description*: the mean of the base model's rows for the pieces of a short description of the
token, plus noise from N(0, I/d), d the embedding width (BioMatrix technical report, section on vocabulary).
*geometry*: a token that places something in space starts from random Fourier features of that geometry, at
the length of a base row, so that near codes have near rows; other tokens start from their description.

Legend: V rows, N new tokens, D embedding width, F geometric features.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
import torch

from biomatrix.errors import ConfigurationError, VocabularyError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from biomatrix.vocabulary.blocks import Block
    from biomatrix.vocabulary.vocabulary import Vocabulary

Scheme = Literal["description", "geometry"]

BANDWIDTH = 0.5
"""The width of the Fourier features' kernel, in units of the median distance between codes."""

_SAMPLED = 512
"""Where there are more codes, the median is taken over at least this many of them, and fewer than twice as many."""


def initialise(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    scheme: Scheme = "description",
    seed: int = 0,
    noise: float = 1.0,
    multiple: int = 128,
) -> None:
    """Give the model one row per token of the vocabulary, in its input embedding and, where untied, its output.

    Rows are set by token id. Every existing row that belongs to no new token stays as it was, padding rows
    included; further rows, up to a whole multiple, are zero and belong to no token.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        The base model; changed in place. It may have more rows than tokens (Qwen3: 151,936 for 151,669).
    vocabulary : Vocabulary
        Built from the base model's tokenizer.
    scheme : {"description", "geometry"}
        How a new row starts; described at the top of this module.
    seed : int
        A token's row depends on the seed and on the token itself, not on its id or on the other tokens'.
    noise : float
        Scales the noise; 1 is N(0, I/d).
    multiple : int
        Where rows are added, their number becomes a whole multiple of this.

    Raises
    ------
    ConfigurationError
        If ``scheme`` or ``multiple`` is none that is allowed.
    VocabularyError
        If the model has fewer rows than the base tokenizer has entries.
    """
    if scheme not in get_args(Scheme):
        raise ConfigurationError(f"scheme is one of {', '.join(get_args(Scheme))}, not {scheme!r}")
    if multiple < 1:
        raise ConfigurationError(f"rows come in multiples of at least 1, not {multiple}")
    old_rows = len(_tables(model)[0])
    if old_rows < vocabulary.base_size:
        raise VocabularyError(
            f"the model has {old_rows:,} embedding rows, fewer than the {vocabulary.base_size:,} entries of "
            "the base tokenizer; this vocabulary was not built from its tokenizer"
        )
    rows = embedding_rows(vocabulary, old_rows, multiple)
    if rows != old_rows:
        model.resize_token_embeddings(rows, mean_resizing=False)
    for number, weight in enumerate(_tables(model)):
        with torch.no_grad():
            weight[old_rows:] = 0
            new = new_rows(weight, vocabulary, scheme, seed + 1_000_003 * number, noise)
            ids = torch.as_tensor(vocabulary.new_ids, device=weight.device)
            weight[ids] = torch.from_numpy(new).to(weight)


def embedding_rows(vocabulary: Vocabulary, old_rows: int, multiple: int = 128) -> int:
    """Return the number of rows a model needs: what it has where that is enough, else the next whole multiple."""
    if len(vocabulary) <= old_rows:
        return old_rows
    return -(-len(vocabulary) // multiple) * multiple


def new_rows(
    weight: torch.Tensor, vocabulary: Vocabulary, scheme: Scheme, seed: int, noise: float = 1.0
) -> NDArray[np.float32]:
    """Return the rows of ``vocabulary.new_ids``, in that order.

    Parameters
    ----------
    weight : Tensor, shape=(V, D)
        The base model's rows, by id.
    vocabulary : Vocabulary
        The new tokens.
    scheme, seed, noise
        As in :func:`initialise`.

    Returns
    -------
    ndarray, shape=(N, D), dtype=float32
    """
    rows: dict[int, NDArray[np.float32]] = {}
    for block in vocabulary.blocks.values():
        descriptions = _descriptions(block)
        means = _piece_means(weight, vocabulary, list(descriptions.values()))
        noises = np.stack([_noise(token, seed, weight.shape[1]) for token in descriptions])
        new = (means + noise * noises).astype(np.float32)
        if scheme == "geometry":
            _place(new, means, block, typical_norm(weight, vocabulary), seed)
        ids = [block.start_id, block.end_id, *block.ids.tolist()]
        rows.update(zip(ids, new, strict=True))
    return np.stack([rows[int(id_)] for id_ in vocabulary.new_ids])


def fourier_features(geometry: NDArray[np.float64], width: int, seed: int) -> NDArray[np.float64]:
    """Return random Fourier features of a Gaussian kernel (Rahimi and Recht 2007), rows of unit length.

    Parameters
    ----------
    geometry : ndarray, shape=(N, F), dtype=float64
        One feature vector per token; every feature is brought to unit variance.
    width : int
        The embedding width D.
    seed : int
        Fixes the frequencies and phases.

    Returns
    -------
    ndarray, shape=(N, D), dtype=float64
        The inner product of two rows falls from 1 with the distance between their tokens.
    """
    spread = geometry.std(axis=0)
    scaled = (geometry - geometry.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0)
    generator = np.random.default_rng([seed, geometry.shape[1], width])
    frequencies = generator.standard_normal((scaled.shape[1], width)) / (BANDWIDTH * _median_distance(scaled))
    phases = generator.uniform(0, 2 * np.pi, width)
    features = np.cos(scaled @ frequencies + phases)
    unit: NDArray[np.float64] = features / np.linalg.norm(features, axis=1, keepdims=True)
    return unit


def _tables(model: PreTrainedModel) -> list[torch.Tensor]:
    """Return the input embedding and, where it is another tensor, the output projection."""
    weight = cast("torch.Tensor", model.get_input_embeddings().weight)
    output = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    if output is None or output.weight is weight:
        return [weight]
    return [weight, cast("torch.Tensor", output.weight)]


def _descriptions(block: Block) -> dict[str, str]:
    """Return the description of every token of a block, the control pair first, then in order of id."""
    modality = block.modality
    pair = {modality.start_token: modality.start_description, modality.end_token: modality.end_description}
    return pair | {token: modality.describe(token) for token in block.tokens}


def _piece_means(weight: torch.Tensor, vocabulary: Vocabulary, texts: list[str]) -> NDArray[np.float64]:
    """Return the mean row of each text's base pieces, ``float64 [len(texts), D]``."""
    pieces = [vocabulary.encode_text(text) for text in texts]
    empty = next((text for text, ids in zip(texts, pieces, strict=True) if not ids), None)
    if empty is not None:
        raise VocabularyError(f"the base tokenizer has no pieces for the description {empty!r}")
    lengths = np.array([len(ids) for ids in pieces])
    flat = torch.as_tensor([id_ for ids in pieces for id_ in ids], device=weight.device)
    gathered: NDArray[np.float64] = weight.detach()[flat].to(torch.float64).cpu().numpy()
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    means: NDArray[np.float64] = np.add.reduceat(gathered, starts, axis=0) / lengths[:, None]
    return means


def _noise(token: str, seed: int, width: int) -> NDArray[np.float64]:
    """Return a draw from N(0, I/D) that belongs to the token and the seed."""
    digest = hashlib.sha256(token.encode("utf-8")).digest()
    key = int.from_bytes(digest[:8], "little")
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, key])))
    draw: NDArray[np.float64] = generator.standard_normal(width)
    draw /= np.sqrt(width)
    return draw


def _place(rows: NDArray[np.float32], means: NDArray[np.float64], block: Block, norm: float, seed: int) -> None:
    """Overwrite the rows of tokens that have a geometry; rows 0 and 1 are the control pair."""
    geometry = {i: block.modality.geometry(token) for i, token in enumerate(block.tokens)}
    indices = [i for i, features in geometry.items() if features is not None]
    if not indices:
        return
    table = np.stack([np.asarray(geometry[i], dtype=np.float64) for i in indices])
    where = np.array(indices) + 2
    unit = fourier_features(table, rows.shape[1], seed)
    if len(np.unique(table, axis=0)) < len(table):
        # Tokens that share a geometry differ in something else, such as the element: half the row says which.
        words = means[where] / np.maximum(np.linalg.norm(means[where], axis=1, keepdims=True), 1e-12)
        unit = unit + words
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    rows[where] = (norm * unit).astype(np.float32)


def typical_norm(weight: torch.Tensor, vocabulary: Vocabulary) -> float:
    """Return the median length of the base pieces' rows."""
    plain = torch.as_tensor(vocabulary.plain_ids, device=weight.device)
    return float(weight.detach()[plain].to(torch.float32).norm(dim=1).median())


def _median_distance(points: NDArray[np.float64]) -> float:
    step = max(1, len(points) // _SAMPLED)
    sample = points[::step]
    distances = np.linalg.norm(sample[:, None] - sample[None], axis=-1)
    apart = distances[distances > 1e-12]
    return float(np.median(apart)) if len(apart) else 1.0
