"""A kind whose reader does what a hostile file may make a reader do."""

import os
import time
from dataclasses import dataclass

from biomatrix.entities import DEFAULT_LIMITS, Entity, Kind


@dataclass(frozen=True)
class Trouble(Entity):
    text: str
    name: str = ""
    notes: tuple[str, ...] = ()
    kind, has_structure = "trouble", False

    def to_file(self, path):
        raise NotImplementedError


class TroubleKind(Kind):
    name, plural, typed_as = "trouble", "troubles", "what is to happen"
    entity = Trouble

    def parse(self, text, name="", *, limits=DEFAULT_LIMITS):
        if text == "hang":
            time.sleep(600)
        if text == "spin":
            while True:
                pass
        if text == "die":
            os._exit(3)
        if text == "swell":
            return bytearray(1 << 40)
        if text == "fail":
            raise RuntimeError("a fault of the reader")
        if text == "environment":
            return Trouble(",".join(sorted(os.environ)))
        return Trouble(text)

    def text(self, entity):
        return entity.text

    def to_bytes(self, entity):
        return entity.text.encode()

    def from_bytes(self, data, name=""):
        return Trouble(data.decode(), name)

    def completed(self, entity, seed=0):
        return self.parse(entity.text), "computed"

    def further_checks(self, entity):
        self.parse(entity.text)
        return []

    def identity(self, entity):
        return entity.text


TROUBLE = TroubleKind()
