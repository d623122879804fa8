"""Outside text to entities in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.records import read_entities
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.serving.limits import ServingLimits


class DirectParser:
    """Parses in this process; see :class:`biomatrix.serving.service.Parser`.

    Parameters
    ----------
    limits : ServingLimits
    """

    def __init__(self, limits: ServingLimits) -> None:
        self._limits = limits

    def read(self, content: bytes, file_format: str, kind: str | None = None) -> Sequence[Entity]:
        """Return the entities of a file's content."""
        self._limits.check("request_bytes", len(content), "size of the file in bytes")
        with tempfile.TemporaryDirectory(prefix="biomatrix-") as folder:
            path = Path(folder) / "given"
            path.write_bytes(content)
            found: list[Entity] = []
            for record in read_entities(path, kind=kind, file_format=file_format):
                if isinstance(record, Reject):
                    raise record.as_error()
                found.append(record)
        if not found:
            raise ParseError(f"the {file_format} text holds no record")
        return found

    def parse(self, text: str, kind: str) -> Entity:
        """Return what a person typed for a kind."""
        self._limits.check("text_characters", len(text), "number of characters")
        return kind_named(kind).parse(text)
