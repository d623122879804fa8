"""What operations work with: the model, the limits, and the workers that parse outside text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from biomatrix.serving.limits import ServingLimits

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.check import Check
    from biomatrix.generation.model import Model


class Parser(Protocol):
    """Turns outside bytes into entities, and computes what may take long of them, wherever that is done."""

    def read(self, content: bytes, file_format: str, kind: str | None = None) -> Sequence[Entity]:
        """Return the entities of a file's content; BioMatrixError where it holds none or breaks a limit."""
        ...

    def parse(self, text: str, kind: str) -> Entity:
        """Return what a person typed for a kind, such as SMILES or a sequence."""
        ...

    def completed(self, entity: Entity, seed: int = 0) -> tuple[Entity, str]:
        """Return an entity with computed coordinates, if there is a way, and how, in words."""
        ...

    def further_checks(self, entity: Entity) -> Sequence[Check]:
        """Return the checks of an entity that take seconds."""
        ...


@dataclass(frozen=True)
class Service:
    """What operations work with.

    Parameters
    ----------
    model : Model
        Its engine may be asked by many threads at once.
    parser : Parser
        For everything that comes from outside.
    limits : ServingLimits
    takes_vectors : bool
        Whether a prompt may hold vectors from elsewhere, and not only entities.
    """

    model: Model
    parser: Parser
    limits: ServingLimits
    takes_vectors: bool = False
