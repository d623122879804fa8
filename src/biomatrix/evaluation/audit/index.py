"""The rows of test splits, indexed so that training data of any size can stream past them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from biomatrix.corpus.decontamination.subjects import Subject
from biomatrix.entities.kind_registry import kind_of
from biomatrix.evaluation.audit.keys import keys_of
from biomatrix.metrics.sequence_relatives import SequenceRelatives

IDENTITIES: Final = (0.9, 0.5, 0.3)
"""The identities of alignments that are told apart."""
SHORTEST: Final = 15
"""Amino acids from which on relatives are looked for; shorter chains are compared as they are."""


@dataclass
class Part:
    """One part of a row: an entity, a text, an answer, a structure.

    Parameters
    ----------
    row : int
        The number of its row.
    name : str
        Such as ``entity 0``.
    kind : str
        The kind of an entity; "" of others.
    keys : dict of str to None
        The names of the keys it has, the closest first.
    found : dict of str to str
        The names of the keys that training data have too, each with the first training row that does.
    """

    row: int
    name: str
    kind: str = ""
    keys: dict[str, None] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    @property
    def is_entity(self) -> bool:
        """Whether it is an entity."""
        return self.kind != ""

    @property
    def is_text(self) -> bool:
        """Whether it is a text that is asked about."""
        return self.name.startswith("text ")


class TestRows:
    """Rows of test splits; memory grows with them, and not with what streams past.

    Parameters
    ----------
    subjects : sequence of Subject
    relatives : bool
        Whether relatives of sequences are looked for, which takes the most time.
    """

    __test__ = False  # the name is not that of a test case

    def __init__(self, subjects: Sequence[Subject], *, relatives: bool = True) -> None:
        self.parts: list[list[Part]] = []
        self._places: dict[int, list[tuple[Part, str]]] = {}
        self._chains: dict[str, list[Part]] = {}
        for row, subject in enumerate(subjects):
            kinds = {f"entity {number}": entity.kind for number, entity in enumerate(subject.entities)}
            parts: dict[str, Part] = {}
            for name, part_name, digest in keys_of(subject):
                part = parts.setdefault(part_name, Part(row, part_name, kinds.get(part_name, "")))
                part.keys[name] = None
                self._places.setdefault(digest, []).append((part, name))
            for number, letters in _chains(subject) if relatives else ():
                part = parts[f"entity {number}"]
                part.keys.update(dict.fromkeys(identity_key(part.kind, least) for least in IDENTITIES))
                self._chains.setdefault(letters, []).append(part)
            self.parts.append(list(parts.values()))
        self._relatives = SequenceRelatives(list(self._chains), enough=IDENTITIES[0]) if self._chains else None

    def compare(self, subject: Subject) -> None:
        """Note which rows a training row shares keys with, and which of their chains are its relatives."""
        for _, _, digest in keys_of(subject):
            for part, name in self._places.get(digest, ()):
                part.found.setdefault(name, subject.name)
        if self._relatives is not None:
            for _, letters in _chains(subject):
                self._relatives.add(letters, subject.name)

    def finish(self) -> None:
        """Enter the closest relatives that were found."""
        if self._relatives is None:
            return
        for parts, relative in zip(self._chains.values(), self._relatives.found, strict=True):
            for part in parts:
                for least in IDENTITIES:
                    if relative.identity >= least:
                        part.found[identity_key(part.kind, least)] = f"{relative.name} ({relative.identity:.0%})"


def identity_key(kind: str, least: float) -> str:
    """Return the name of the key of relatives.

    Examples
    --------
    >>> identity_key("protein", 0.9)
    'protein.identity_90'
    """
    return f"{kind}.identity_{round(100 * least)}"


def _chains(subject: Subject) -> Iterator[tuple[int, str]]:
    """Yield the number and the letters of each entity whose relatives are looked for."""
    for number, entity in enumerate(subject.entities):
        letters = kind_of(entity).aligned_letters(entity)
        if letters is not None and len(letters) >= SHORTEST:
            yield number, letters
