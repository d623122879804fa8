"""From pairs to an aligned projector: the parts of a run that its controls share.

Legend of shapes: n pairs, k vectors of an entity, d numbers of each, D of a text and of an embedding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.linear_map import LinearMap, chosen_penalty
from biomatrix.soft.alignment.loop import Aligned, align_projector, held_out_pairs
from biomatrix.soft.alignment.losses import ContrastSettings
from biomatrix.soft.alignment.objectives import ContrastiveEmbedding
from biomatrix.soft.alignment.pairs import PairSet, key_numbers
from biomatrix.soft.alignment.settings import AlignmentSettings
from biomatrix.soft.alignment.text_space import TextSpace
from biomatrix.soft.projector import Projector, ProjectorSettings, Scaling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TextTable:
    """The distinct texts of some pairs as vectors, and which pair has which.

    Parameters
    ----------
    texts : tuple of str, length t
    vectors : ndarray, shape=(t, D), dtype=float32
    wordings : ndarray, shape=(n, W), dtype=int64
        The rows of each pair's texts, the first first; -1 where it has fewer.
    """

    texts: tuple[str, ...]
    vectors: NDArray[np.float32]
    wordings: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: PairSet, space: TextSpace) -> TextTable:
        """Return the table of pairs, each text encoded once."""
        texts = tuple(dict.fromkeys(text for pair in pairs.pairs for text in pair.texts))
        return cls(texts, space.encode(texts), wording_rows(pairs, texts))

    @property
    def first(self) -> NDArray[np.float32]:
        """The vector of each pair's first text, ``float32 [n, D]``."""
        return self.vectors[self.wordings[:, 0]]

    def replaced(self, seed: int) -> TextTable:
        """Return the same with a random vector in place of each text's."""
        noise = np.random.default_rng([seed, 2]).normal(size=self.vectors.shape)
        return TextTable(self.texts, noise.astype(np.float32), self.wordings)


def wording_rows(pairs: PairSet, texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the places of each pair's texts among distinct ones, ``int64 [n, W]``; -1 where it has fewer."""
    place = {text: at for at, text in enumerate(texts)}
    most = max(len(pair.texts) for pair in pairs.pairs)
    rows = np.full((len(pairs), most), -1, dtype=np.int64)
    for number, pair in enumerate(pairs.pairs):
        rows[number, : len(pair.texts)] = [place[text] for text in pair.texts]
    return rows


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How projectors of a run are made and trained.

    Parameters
    ----------
    projector : ProjectorSettings
    alignment : AlignmentSettings
    contrast : ContrastSettings
    scaling : {"all", "each", "none"}
        Counts want one spread for all numbers: dividing each by its own makes the rarest loudest.
    length : float
        The norm of the projector's output.
    from_ridge : bool
        Whether a projector of one layer starts as ridge regression, its penalty chosen on a tenth of the pairs; others
        start as they are drawn.
    """

    projector: ProjectorSettings = field(default_factory=ProjectorSettings)
    alignment: AlignmentSettings = field(default_factory=AlignmentSettings)
    contrast: ContrastSettings = field(default_factory=ContrastSettings)
    scaling: Scaling = "all"
    length: float = 1.0
    from_ridge: bool = False


def ridge_map(vectors: NDArray[np.float32], keys: Sequence[str], table: TextTable, seed: int) -> LinearMap:
    """Return ridge regression of texts on the vectors of entities, its penalty chosen on a tenth of the pairs."""
    targets = unit(table.first)
    held_out, _ = held_out_pairs(key_numbers(keys), 0.1, seed)
    return LinearMap.fit(vectors, targets, chosen_penalty(vectors, targets, held_out.tolist()))


def start_from_ridge(
    projector: Projector, vectors: NDArray[np.float32], keys: Sequence[str], table: TextTable, seed: int
) -> None:
    """Let a projector of one layer begin as ridge regression on the mean of each entity's vectors.

    Raises
    ------
    ConfigurationError
        It has hidden layers.
    """
    layer = projector.layers[-1]
    if len(projector.layers) != 1 or not isinstance(layer, torch.nn.Linear):
        raise ConfigurationError("only a projector of one layer can start from ridge regression; give layers=1")
    found = ridge_map(vectors.mean(axis=1, keepdims=True), keys, table, seed)
    mean, spread = projector.mean.double(), projector.spread.double()
    weights = torch.from_numpy(found.weights)
    with torch.no_grad():
        layer.weight.copy_((spread[:, None] * weights).T)
        layer.bias.copy_((mean - torch.from_numpy(found.mean)) @ weights + torch.from_numpy(found.target_mean))


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return rows of length 1, ``float64``."""
    given = np.asarray(vectors, dtype=np.float64)
    return np.asarray(given / np.maximum(np.linalg.norm(given, axis=-1, keepdims=True), 1e-12))


def new_projector(vectors: NDArray[np.float32], width: int, settings: FitSettings) -> Projector:
    """Return a projector that has learned nothing but the mean and the spread of training vectors ``[n, k, d]``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.alignment.seed)
        projector = Projector(vectors.shape[-1], width, settings.length, settings.projector)
    projector.standardise(torch.from_numpy(vectors), settings.scaling)
    return projector


def fit_contrastive(
    vectors: NDArray[np.float32],
    keys: Sequence[str],
    table: TextTable,
    settings: FitSettings,
    folder: Path | None = None,
    label: str = "align",
) -> tuple[Projector, Aligned]:
    """Return a projector aligned by contrast in embedding space, and what its training came to.

    Parameters
    ----------
    vectors : ndarray, shape=(n, k, d), dtype=float32
    keys : sequence of str, length n
    table : TextTable
        Of the same pairs.
    settings : FitSettings
    folder : Path, optional
        For checkpoints; a stopped run goes on.
    label : str
        Of the progress messages.
    """
    numbers = key_numbers(keys)
    projector = new_projector(vectors, table.vectors.shape[1], settings)
    if settings.from_ridge:
        start_from_ridge(projector, vectors, keys, table, settings.alignment.seed)
    objective = ContrastiveEmbedding(table.vectors, table.wordings, numbers, settings.contrast)
    aligned = align_projector(projector, vectors, numbers, objective, settings.alignment, folder, label)
    return projector, aligned


def projected(projector: Projector, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where entities lie among texts, the mean of their projected vectors, ``float32 [n, D]``."""
    with torch.inference_mode():
        found: NDArray[np.float32] = projector(torch.from_numpy(vectors)).mean(dim=1).numpy()
    return found
