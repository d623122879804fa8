"""From a recipe to what is trained: the decoder, the projector inside it, and the documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from biomatrix.entities.encoder import Encoder
from biomatrix.errors import ConfigurationError
from biomatrix.generation.model_hash import model_hash
from biomatrix.soft.projector import Projector, ProjectorSettings, Scaling
from biomatrix.soft.projector_record import ProjectorRecord
from biomatrix.vocabulary.initialisation import typical_norm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from biomatrix.entities.base_entity import Entity
    from biomatrix.soft.tuning.entity_vectors import EntityVectors
    from biomatrix.vocabulary import Vocabulary

_SMALL: Final = 1e-4
"""A singular value below this share of the largest spans nothing."""


def encoder_of(source: str | Path) -> Encoder:
    """Return the encoder that a text spells, or that of the aligned projector in a folder.

    Raises
    ------
    ConfigurationError, WeightsError
        There is none, or the projector was made for another.
    """
    if isinstance(source, Path):
        from biomatrix.soft.soft_source import SoftSource

        return SoftSource.from_pretrained(source).encoder
    from biomatrix.soft.encoders import open_encoder

    return open_encoder(source)


def new_projector(
    encoder: Encoder, vectors: EntityVectors, entities: Sequence[Entity], settings: ProjectorSettings,
    model: PreTrainedModel, vocabulary: Vocabulary, seed: int, scaling: Scaling = "all",
) -> Projector:  # fmt: skip
    """Return a projector drawn by a seed, which takes the mean and the spread of the training entities off vectors."""
    table: Any = model.get_input_embeddings()
    weight: torch.Tensor = table.weight
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        projector = Projector(encoder.d, weight.shape[1], typical_norm(weight, vocabulary), settings)
    projector.standardise(torch.from_numpy(vectors.matrix(entities)), scaling)
    return projector


def start_near_answers(
    projector: Projector, vectors: NDArray[np.float32], answers: Sequence[str], model: PreTrainedModel,
    vocabulary: Vocabulary, seed: int,
) -> None:  # fmt: skip
    """Let a projector of one layer begin where the answers lie: as ridge regression of their embeddings on vectors.

    Parameters
    ----------
    projector : Projector
        Standardised.
    vectors : ndarray, shape=(n, k, d), dtype=float32
        Of the training entities; of each the mean of its k is mapped.
    answers : sequence of str, length n
        Each stands for the mean input embedding of its tokens, less that of all answers, which tells none from another.
        Where answers are fewer than the numbers of an embedding, their directions are made orthogonal first, as near to
        those means as that allows (symmetric orthogonalisation, Loewdin 1950): CD4 and CD8 T cells share most words.
    model : PreTrainedModel
    vocabulary : Vocabulary
    seed : int
        Of the tenth of the examples on which the penalty is chosen.

    Raises
    ------
    ConfigurationError
        All answers are the same, or the projector has hidden layers.
    """
    from biomatrix.soft.alignment.decoder_texts import MeanEmbedding
    from biomatrix.soft.alignment.fitting import TextTable, start_from_ridge
    from biomatrix.soft.alignment.text_space import TextSpace

    texts = tuple(dict.fromkeys(answers))
    if len(texts) < 2:
        raise ConfigurationError("all training answers are the same: there is nothing to start from; start = 'drawn'")
    space = TextSpace.fit(MeanEmbedding(model, vocabulary), texts)
    place = {text: at for at, text in enumerate(texts)}
    wordings = np.array([[place[answer]] for answer in answers], dtype=np.int64)
    means = space.encode(texts)
    if len(texts) <= means.shape[1]:
        means = _orthogonal(means)
    start_from_ridge(projector, vectors, answers, TextTable(texts, means, wordings), seed)


def _orthogonal(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the nearest rows with equal singular values, in the space that the given ones span."""
    left, sizes, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    kept = sizes > _SMALL * sizes[0]
    return np.asarray(left[:, kept] @ right[kept], dtype=np.float32)


def aligned_projector(folder: Path, encoder: Encoder, model: PreTrainedModel) -> Projector:
    """Open an aligned projector for a decoder.

    Raises
    ------
    ConfigurationError
        It was aligned to another decoder.
    """
    projector = Projector.from_pretrained(folder)
    record = projector.record
    found = model_hash(model.named_parameters())
    if record is None or record.decoder_hash != found:
        wanted = "an unknown decoder" if record is None else record.decoder_hash[:16]
        raise ConfigurationError(
            f"the projector was made for the decoder {wanted}, and the checkpoint is {found[:16]}; name that one as "
            "model.checkpoint, or align a projector to this one",
            file=str(folder),
        )
    return projector


def tuned_record(
    projector: Projector, encoder: Encoder, spec: str, base_hash: str, decoder_hash: str, data: str
) -> ProjectorRecord:
    """Return what the folder of a tuned projector says: of which decoder, from which one, on what."""
    before = projector.record
    known = () if before is None else before.training_data
    return ProjectorRecord(
        encoder.kind,
        spec,
        encoder.hash,
        decoder_hash,
        encoder.k,
        encoder.d,
        projector.width_out,
        (*known, *(() if data in known else (data,))),
        {} if before is None else before.figures,
        base_hash,
    )
