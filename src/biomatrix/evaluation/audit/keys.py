"""The keys of a row, each hashed to 64 bits with the name of those that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

from biomatrix.corpus.decontamination.subjects import Subject
from biomatrix.corpus.decontamination.text_keys import answer_key, text_key
from biomatrix.entities.kind_registry import kind_of

TEXT: Final = "text"
ANSWER: Final = "answer_text"
"""Compared with all texts, since what one task answers another asks about."""
STRUCTURE: Final = "structure_id"
QUESTION: Final = "question"
"""All entities and texts of a row together, where there are several: a pair, or an entity with an instruction."""


class Key(NamedTuple):
    """One key: its name, such as ``molecule.inchikey``; the part of the row that has it; the hash of both."""

    name: str
    part: str
    digest: int


def keys_of(subject: Subject) -> Iterator[Key]:
    """Yield the keys of a row. Parts are numbered by what they are: ``entity 0``, ``text 0``, ``answer 0``."""
    whole: list[str] = []
    for number, entity in enumerate(subject.entities):
        found = kind_of(entity).overlap_keys(entity)
        whole += list(found.values())[:1]
        for name, value in found.items():
            yield _key(f"{entity.kind}.{name}", f"entity {number}", value)
    for number, text in enumerate(subject.texts):
        whole.append(text_key(text))
        if whole[-1]:
            yield _key(TEXT, f"text {number}", whole[-1])
    for number, answer in enumerate(subject.answers):
        written = answer_key(answer)
        if written:
            yield _key(ANSWER, f"answer {number}", written, among=TEXT)
    for number, code in enumerate(subject.structures):
        yield _key(STRUCTURE, f"structure {number}", code)
    if len(whole) > 1:
        yield _key(QUESTION, QUESTION, "\0".join(sorted(whole)))


def _key(name: str, part: str, value: str, among: str | None = None) -> Key:
    digest = blake2b(f"{among or name}\0{value}".encode("utf-8", "replace"), digest_size=8).digest()
    return Key(name, part, int.from_bytes(digest, "big"))
