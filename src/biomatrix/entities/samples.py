"""One of several answers to one request, with what a file should say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.title_lines import title_line


@dataclass(frozen=True, eq=False)
class Sample:
    """An entity among others that answer the same request.

    Parameters
    ----------
    entity : Entity
    number : int
        Its place among the answers, from 1; those that are no entity count too.
    data : mapping of str to str
        What a file should say of it, such as ``logprob`` and its checks; each is kept as one line that prints.
    confidences : tuple of float
        For each residue or atom how sure the model was, from 0 to 100, for formats with a place for it; NaN where that
        is not known, empty where it is known of none.
    """

    entity: Entity
    number: int
    data: Mapping[str, str] = field(default_factory=dict)
    confidences: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Make one line of each of the data."""
        object.__setattr__(self, "data", {name: title_line(value) for name, value in self.data.items()})

    @property
    def title(self) -> str:
        """A name of its own without a space: that of the entity, else ``answer``, and the number."""
        return f"{title_line(self.entity.name).replace(' ', '_') or 'answer'}_{self.number}"

    @property
    def line(self) -> str:
        """The title and the data on one line, as in the header of a FASTA record."""
        return " ".join([self.title, *(f"{name}={value.replace(' ', '_')}" for name, value in self.data.items())])
