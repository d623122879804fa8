"""An entity through every modality it has, and how much of it came back."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities import Comparison, Entity, Modality, compare, modalities
from biomatrix.errors import BioMatrixError


@dataclass(frozen=True)
class RoundTrip:
    """One modality of one entity: its tokens, the entity they decode to, and the agreement; or why it was refused."""

    modality: Modality
    tokens: list[str]
    decoded: Entity | None
    agreement: Comparison | None
    refused: str = ""
    losses: tuple[str, ...] = ()
    """What the tokens do not say of this entity."""


def round_trips(entity: Entity) -> list[RoundTrip]:
    """Return one round trip for every modality that accepts the entity, in the registry's order."""
    return [_round_trip(entity, modality) for modality in modalities() if modality.accepts(entity)]


def _round_trip(entity: Entity, modality: Modality) -> RoundTrip:
    try:
        tokens = modality.encode(entity)
        decoded = modality.decode(tokens)
    except BioMatrixError as error:
        return RoundTrip(modality, [], None, None, str(error))
    return RoundTrip(modality, tokens, decoded, compare(entity, decoded), losses=modality.losses(entity))
