"""From a recipe to what is trained: the decoder, the projector inside it, and the documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from biomatrix.entities.encoder import Encoder
from biomatrix.errors import ConfigurationError
from biomatrix.generation.model_hash import model_hash
from biomatrix.soft.encoders.table import split_spec
from biomatrix.soft.projector import Projector, ProjectorSettings
from biomatrix.soft.projector_record import ENCODER_FOLDER, ProjectorRecord
from biomatrix.vocabulary.initialisation import typical_norm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

    from biomatrix.entities.base_entity import Entity
    from biomatrix.soft.tuning.entity_vectors import EntityVectors
    from biomatrix.soft.tuning.recipe import SoftSection
    from biomatrix.vocabulary import Vocabulary


def encoder_of(soft: SoftSection) -> Encoder:
    """Return the encoder of a recipe, or that of its aligned projector.

    Raises
    ------
    ConfigurationError, WeightsError
        There is none, or the projector was made for another.
    """
    from biomatrix.soft.encoders import open_encoder

    if soft.projector is None:
        return open_encoder(soft.encoder)
    from biomatrix.soft.soft_source import SoftSource

    return SoftSource.from_pretrained(soft.projector).encoder


def new_projector(
    encoder: Encoder, vectors: EntityVectors, entities: Sequence[Entity], settings: ProjectorSettings,
    model: PreTrainedModel, vocabulary: Vocabulary, seed: int,
) -> Projector:  # fmt: skip
    """Return a projector drawn by a seed, which takes the mean and the spread of the training entities off vectors."""
    table: Any = model.get_input_embeddings()
    weight: torch.Tensor = table.weight
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        projector = Projector(encoder.d, weight.shape[1], typical_norm(weight, vocabulary), settings)
    projector.standardise(torch.from_numpy(vectors.matrix(entities)))
    return projector


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


def keep_encoder(encoder: Encoder, folder: Path) -> str:
    """Save an encoder that was fitted beside its projector, and return how it is opened from there.

    One that knows no saving, such as a published network, stays where it is.
    """
    save = getattr(getattr(encoder, "encoder", encoder), "save_pretrained", None)
    name, place, options = split_spec(encoder.spec)
    if save is None or not place:
        return encoder.spec
    save(folder / ENCODER_FOLDER)
    return ",".join([f"{name}:{ENCODER_FOLDER}", *options])


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
