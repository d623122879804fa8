"""A toy kind from outside the package: strings of beads, each o, x or v."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.check import Check
from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.registration import FileFormat, Kind
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError


@dataclass(frozen=True)
class Beads(Entity):
    letters: str
    name: str = ""
    notes: tuple[str, ...] = ()
    kind: ClassVar[str] = "beads"

    @property
    def has_structure(self) -> bool:
        return False

    def to_file(self, path: str | Path) -> None:
        Path(path).write_text(self.letters + "\n")


class BeadLetters(Modality):
    name = "beads_letters"
    kind = "beads"
    start_token, end_token = "<|beads_start|>", "<|beads_end|>"
    start_description, end_description = "Begins beads", "Ends beads"
    token_pattern = re.compile(r"<bead_[oxv]>")
    file_format = "beads"
    open_ended = True

    def encode(self, entity: Entity) -> list[str]:
        assert isinstance(entity, Beads)
        return [f"<bead_{letter}>" for letter in entity.letters]

    def decode(self, tokens: Sequence[str]) -> Beads:
        return Beads("".join(token[6] for token in tokens))

    def vocabulary(self) -> Mapping[str, str]:
        return {f"<bead_{letter}>": f"bead {letter}" for letter in "oxv"}

    def length(self, tokens: Sequence[str]) -> int:
        return len(tokens)

    def check(self, entity: Entity) -> list[Check]:
        return []


class BeadsKind(Kind):
    name = "beads"
    plural = "strings of beads"
    typed_as = "letters o, x and v"
    formats = (FileFormat("beads", (".beads",), starts=""), FileFormat("necklace", (".necklace",)))
    modalities: ClassVar[Mapping[str, str]] = {"beads_letters": f"{__name__}:BeadLetters"}

    @property
    def entity(self) -> type[Beads]:
        return Beads

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Beads:
        if set(text) - set("oxv"):
            raise ParseError(f"not beads: {text!r}")
        return Beads(text, name)

    def text(self, entity: Any) -> str:
        return str(entity.letters)

    def to_bytes(self, entity: Any) -> bytes:
        return str(entity.letters).encode()

    def from_bytes(self, data: bytes, name: str = "") -> Beads:
        return Beads(data.decode(), name)

    def identity(self, entity: Any) -> str:
        return str(entity.letters)

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[Beads | Reject]:
        for line in read_lines(path, limits):
            letters, _, name = line.partition(" ")
            try:
                yield self.parse(letters, name)
            except BioMatrixError as error:
                yield Reject.from_error(error, label_of(path))


BEADS = BeadsKind()
