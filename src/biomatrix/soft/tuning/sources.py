"""What a run shows as vectors: of each kind of entity an encoder, vectors on disk, and a projector to the decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import Encoder
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.soft.encoders.beside import keep_beside
from biomatrix.soft.projector import Projector
from biomatrix.soft.tuning.entity_vectors import EntityVectors
from biomatrix.soft.tuning.opening import encoder_of, tuned_record
from biomatrix.soft.tuning.task_data import entities_of

if TYPE_CHECKING:
    from biomatrix.soft.tuning.recipe import SoftSection
    from biomatrix.tasks.benchmarks.examples import Example


@dataclass(eq=False)
class TuningSource:
    """One kind's way in.

    Parameters
    ----------
    encoder : Encoder
    vectors : EntityVectors
        Of all entities of the kind that the task shows.
    projector : Projector
    """

    encoder: Encoder
    vectors: EntityVectors
    projector: Projector

    def save(self, folder: Path, base_hash: str, decoder_hash: str, data: str) -> None:
        """Write the projector for the tuned decoder, and beside it the encoder where that was fitted."""
        spec = keep_beside(self.encoder, folder)
        self.projector.record = tuned_record(self.projector, self.encoder, spec, base_hash, decoder_hash, data)
        self.projector.save_pretrained(folder)


def open_encoders(soft: SoftSection) -> dict[str, tuple[Encoder, Path | None]]:
    """Return the encoders of a recipe by the kind of entity that they take, each with its aligned projector or None.

    Raises
    ------
    ConfigurationError, WeightsError
        Two take the same kind; one cannot be opened, or is not the one that a projector was made for.
    """
    opened = [(encoder_of(spec), None) for spec in soft.encoder]
    aligned = [(encoder_of(folder), folder) for folder in soft.projector]
    found: dict[str, tuple[Encoder, Path | None]] = {}
    for encoder, folder in (*opened, *aligned):
        if encoder.kind in found:
            raise ConfigurationError(f"two encoders take a {encoder.kind}; a run shows each kind in one way")
        found[encoder.kind] = encoder, folder
    return found


def shown_entities(examples: Sequence[Example], kinds: Mapping[str, object]) -> dict[str, list[Entity]]:
    """Return the entities of examples by their kind, of the kinds that have an encoder.

    Raises
    ------
    ConfigurationError
        No example shows an entity of one of the kinds.
    """
    found: dict[str, list[Entity]] = {kind: [] for kind in kinds}
    others: dict[str, None] = {}
    for example in examples:
        for entity in entities_of(example):
            if entity.kind in found:
                found[entity.kind].append(entity)
            else:
                others[entity.kind] = None
    for kind, entities in found.items():
        if not entities:
            shown = ", ".join([*(one for one in found if found[one]), *others]) or "no entities"
            raise ConfigurationError(f"an encoder takes a {kind}, and the task shows {shown}")
    return found


def with_vectors(
    examples: Sequence[Example], vectors: Mapping[str, EntityVectors]
) -> tuple[tuple[Example, ...], list[BioMatrixError]]:
    """Return the examples all of whose entities the encoders took, and why the others were left out."""
    kept: list[Example] = []
    faults: list[BioMatrixError] = []
    for example in examples:
        tried = (vectors[entity.kind].fault(entity) for entity in entities_of(example) if entity.kind in vectors)
        fault = next(filter(None, tried), None)
        if fault is None:
            kept.append(example)
        else:
            faults.append(fault)
    return tuple(kept), faults
