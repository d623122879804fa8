"""Outside text to entities in this process: what workers do as well, under the limits of the server."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.entities.formats import known_formats
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.records import read_entities
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, LimitError, ParseError

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.check import Check
    from biomatrix.serving.limits import ServingLimits


@dataclass(frozen=True)
class ReaderLimits(Limits):
    """The limits of readers as a server sets them; one that is broken keeps its figures for the answer."""

    broken: list[LimitError] = field(default_factory=list, compare=False, repr=False)

    def check(self, limit: str, value: int, what: str) -> None:
        """Raise LimitError, with the actual and the allowed value, where ``value`` is past the limit of that name."""
        allowed = int(getattr(self, limit))
        if value > allowed:
            message = f"{what} is {value:,}, past this server's limit of {allowed:,}"
            self.broken.append(LimitError(message, limit=limit, actual=value, allowed=allowed))
            raise self.broken[-1]


def reader_limits(limits: ServingLimits) -> ReaderLimits:
    """Return the limits of readers that those of a server mean."""
    unpacked = limits.request_bytes * DEFAULT_LIMITS.unpacked_ratio
    return ReaderLimits(
        file_bytes=limits.request_bytes,
        decompressed_bytes=min(unpacked, limits.parse_bytes // 4),
        structure_bytes=min(unpacked, limits.parse_bytes // 8),
        atoms_per_molecule=limits.atoms,
        residues_per_chain=limits.residues,
        records=limits.entities,
    )


class DirectParser:
    """Parses in this process; see :class:`biomatrix.serving.service.Parser`.

    For the command line and for tests: a file that makes a reader hang would hang the caller.

    Parameters
    ----------
    limits : ServingLimits
    """

    def __init__(self, limits: ServingLimits) -> None:
        self._limits = limits

    def read(self, content: bytes, file_format: str, kind: str | None = None) -> Sequence[Entity]:
        """Return the entities of a file's content, in order.

        Raises
        ------
        BioMatrixError
            It holds none, a record is broken, or a limit is; the error names the record, and no file.
        """
        limits = reader_limits(self._limits)
        self._limits.check("request_bytes", len(content), "size of the file in bytes")
        with tempfile.TemporaryDirectory(prefix="biomatrix-") as folder:
            extension = known_formats()[file_format][0].extensions[0] if file_format in known_formats() else ""
            path = Path(folder) / f"{kind or 'given'}{extension}"
            path.write_bytes(content)
            found: list[Entity] = []
            for record in read_entities(path, kind=kind, file_format=file_format, limits=limits):
                if isinstance(record, Reject):
                    raise _without_file(limits.broken[-1] if limits.broken else record.as_error(), record, path)
                found.append(record)
                limits.check("records", len(found), "number of records")
        if not found:
            raise ParseError(f"the {file_format} text holds no record")
        return found

    def parse(self, text: str, kind: str) -> Entity:
        """Return what a person typed for a kind; BioMatrixError, with the position at fault, where it is none."""
        self._limits.check("text_characters", len(text), "number of characters")
        return kind_named(kind).parse(text, limits=reader_limits(self._limits))

    def completed(self, entity: Entity, seed: int = 0) -> tuple[Entity, str]:
        """Return an entity with computed coordinates, if there is a way, and how, in words."""
        return kind_of(entity).completed(entity, seed)

    def further_checks(self, entity: Entity) -> Sequence[Check]:
        """Return the checks of an entity that take seconds."""
        return kind_of(entity).further_checks(entity)


def _without_file(error: BioMatrixError, record: Reject, path: Path) -> BioMatrixError:
    """Return the error of a record under its number, without the path that only this process knows."""
    placed = error.at(record=record.record, position=record.position)
    placed.file = None
    placed.message = placed.message.replace(str(path), "the file")
    placed.args = (placed.describe(),)
    return placed
