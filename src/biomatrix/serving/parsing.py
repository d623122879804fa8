"""Parsing outside text in this process: for one's own files, and where no stranger asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.formats import kinds_of_format
from biomatrix.entities.kind_registry import kind

if TYPE_CHECKING:
    from biomatrix.entities.registration import Kind


class DirectParser:
    """Turns outside bytes into entities here; a file that hangs or bursts takes the process with it."""

    def read(self, content: bytes, file_format: str, kind: str | None = None) -> Sequence[Entity]:
        """Return the entities of a file's content; the error of the first record that holds none."""
        owner = _owner(file_format, kind)
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"given.{file_format}"
            path.write_bytes(content)
            found = list(owner.read(path, file_format))
        for record in found:
            if not isinstance(record, Entity):
                raise record.as_error()
        return [record for record in found if isinstance(record, Entity)]

    def parse(self, text: str, kind: str) -> Entity:
        """Return what a person typed for a kind."""
        return _owner(None, kind).parse(text)


def _owner(file_format: str | None, name: str | None) -> Kind:
    return kind(name) if name is not None else kinds_of_format(file_format or "")[0]
