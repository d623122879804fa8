"""What an entity is: a thing that modalities write as tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self


class Entity(ABC):
    """One thing of one kind, immutable by convention: a molecule, a protein chain.

    A subclass sets ``kind``, for the class or for each entity, and holds ``name`` (a label for messages and file
    titles) and ``notes`` (what a reader did to the record, one sentence per change; empty when nothing was changed).
    Everything else that the rest of the package asks of it is in the registration of its kind.
    """

    __slots__ = ()

    name: str
    notes: tuple[str, ...]

    if TYPE_CHECKING:  # to types a property, which an attribute of the class and a field of each entity may both be

        @property
        def kind(self) -> str:
            """The name of its kind, as modalities and the registry use it."""

    @property
    @abstractmethod
    def has_structure(self) -> bool:
        """Whether it carries coordinates."""

    def checked(self) -> Self:
        """Return the entity as its constructor makes it, so that nothing is used that would not be let in.

        Raises
        ------
        BioMatrixError
            Its parts do not fit each other, as where an array was put into it later.
        """
        return replace(self) if is_dataclass(self) else self

    @abstractmethod
    def to_file(self, path: str | Path) -> None:
        """Write it as a file in the format that the extension names; gzipped where the name ends in .gz."""
