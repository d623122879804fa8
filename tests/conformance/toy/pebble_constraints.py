"""A constraint of pebbles: colours that may not lie in the row, ``--constraint no-colour=34``."""

from dataclasses import dataclass, replace

from pebbles import COLOURS

from biomatrix.entities.constraint import Constraint
from biomatrix.errors import ParseError


@dataclass(frozen=True)
class NoColour(Constraint):
    name, help, example = "no-colour", "digits of colours that may not occur", "34"
    digits: str

    @classmethod
    def parse(cls, text):
        wrong = next((place for place, digit in enumerate(text) if digit not in COLOURS), None)
        if wrong is not None or not text:
            raise ParseError("no colour", position=wrong or 0)
        return cls(text)

    def narrow(self, automaton, modality, ids):
        kept = {token: id_ for token, id_ in ids.tokens.items() if token[3] not in self.digits}
        return modality.automaton(replace(ids, tokens=kept))

    def fault(self, entity):
        found = set(self.digits) & set(entity.colours)
        return f"colours {' '.join(sorted(found))} lie in the row" if found else None
