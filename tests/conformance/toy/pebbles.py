"""A toy kind from outside the package: rows of coloured pebbles, perhaps laid out in space."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from biomatrix.entities import DEFAULT_LIMITS, Check, Entity, Kind, Reject, write_entities
from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.entities.registration import Example, FileFormat, View
from biomatrix.errors import BioMatrixError, ParseError

COLOURS = {"1": "red", "2": "green", "3": "blue", "4": "grey"}


@dataclass(frozen=True, eq=False)
class Pebble(Entity):
    colours: str  # one digit per pebble
    places: list[list[float]] | None = None  # x, y, z of each, in Angstrom
    name: str = ""
    notes: tuple[str, ...] = ()
    kind, has_structure = "pebble", property(lambda self: self.places is not None)

    def to_file(self, path):
        write_entities([self], path)


class PebbleKind(Kind):
    name, plural, typed_as = "pebble", "pebbles", "a string of the digits 1 to 4"
    entity, viewer = Pebble, ("xyz", "spheres")
    formats = tuple(FileFormat(name, (f".{name}",), appends=True) for name in ("pebble", "fasta", "xyz"))
    modalities: ClassVar = {f"pebble_{one}": f"pebble_modalities:{one.title()}" for one in ("sequence", "structure")}
    views = (View("pebble_sequence", "window", ("pebble_sequence",)), View("pebble_joint", "joint", tuple(modalities)))
    constraints: ClassVar = {"no-colour": "pebble_constraints:NoColour"}

    def parse(self, text, name="", *, limits=DEFAULT_LIMITS):
        if not text or set(text) - COLOURS.keys():
            raise ParseError(f"pebbles are digits of {', '.join(COLOURS)}, not {text[:40]!r}")
        return Pebble(text, None, name)

    def text(self, entity):
        return entity.colours

    identity = text

    def to_bytes(self, entity):
        return json.dumps([entity.colours, entity.places, entity.notes]).encode()

    def from_bytes(self, data, name=""):
        colours, places, notes = json.loads(data)
        return Pebble(colours, places, name, tuple(notes))

    def read(self, path, file_format, *, limits=DEFAULT_LIMITS):
        for number, line in enumerate(read_lines(path, limits), start=1):
            try:
                name, colours, places = line.split("\t")
                yield replace(self.parse(colours, name), places=json.loads(places or "null"))
            except (BioMatrixError, ValueError) as error:
                yield Reject(label_of(path), number, None, str(error))

    def record_bytes(self, entity, file_format):
        places = entity.places or ""
        atoms = "".join(f"\nC {x} {y} {z}" for x, y, z in places)
        return {
            "pebble": f"{entity.name}\t{entity.colours}\t{places}\n",
            "fasta": f">{entity.name}\n{entity.colours}\n",
            "xyz": f"{len(places)}\n{entity.name}{atoms}\n",
        }[file_format].encode()

    def claims(self, file_format, record):
        return set(record) <= COLOURS.keys()

    def check(self, entity):
        return [Check("starts red", entity.colours[0] == "1")]

    def points(self, entity):
        return np.array(entity.places, np.float32) if entity.has_structure else None

    def with_points(self, entity, points):
        return replace(entity, places=points.tolist())

    def picture(self, entity):
        return f'<svg width="99" height="20"><text y="15">{entity.colours}</text></svg>'

    def examples(self):
        return [
            Example(Pebble("1234", [[1, 0, 0], [1, 1, 0], [1, 1, 1], [2, 1, 1]], "four"), "Four", "a beach", "four")
        ]


PEBBLE = PebbleKind()
