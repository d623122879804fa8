"""What of test rows is kept in an index: hashed keys, one array a way of comparing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.decontamination.subjects import Subject
from biomatrix.corpus.decontamination.text_keys import LEAST_ANSWER, text_key
from biomatrix.corpus.selection_recipes import DecontaminationRecipe
from biomatrix.corpus.windows import Hashes, letter_windows, plain_words, word_windows
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import UnsupportedError

Fingerprint = NDArray[np.uint8]
WORD_LETTERS: Final = 5
"""Letters in the words by which containment is measured."""


@dataclass
class TestRows:
    """The keys of the rows of one test set.

    ``entities``, ``pairs``, ``texts``, ``stretches`` are hashes. ``runs`` counts the rows of each run of words.
    ``sequences`` are distinct letters, for containment, and ``fingerprints`` packed bits, by kind.
    """

    __test__ = False  # the name is not that of a test case

    settings: DecontaminationRecipe
    entities: set[int] = field(default_factory=set)
    pairs: set[int] = field(default_factory=set)
    texts: set[int] = field(default_factory=set)
    stretches: list[Hashes] = field(default_factory=list)
    runs: Counter[int] = field(default_factory=Counter)
    sequences: dict[str, None] = field(default_factory=dict)
    fingerprints: dict[str, list[Fingerprint]] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)

    def add(self, subject: Subject, *, pair: bool) -> None:
        """Take the keys of a row; of a ``pair``, those of its entities together, unless any is to be excluded."""
        if pair and len(subject.entities) > 1:
            self.pairs.update(pair_keys(subject.entities))
        if not pair or len(subject.entities) < 2 or self.settings.interactions == "any":
            for entity in subject.entities:
                self._add_entity(entity)
        for text in dict.fromkeys((*subject.texts, *subject.answers)):
            self._add_text(text)

    def _add_entity(self, entity: Entity) -> None:
        self.entities.update(entity_keys(entity))
        letters = kind_of(entity).aligned_letters(entity)
        if letters and letters not in self.sequences:
            self.sequences[letters] = None
            if self.settings.stretch:
                self.stretches.append(letter_windows(letters, self.settings.stretch))
        if self.settings.tanimoto is not None:
            bits = fingerprint_of(entity)
            if bits is not None:
                self.fingerprints.setdefault(entity.kind, []).append(bits)

    def _add_text(self, text: str) -> None:
        key = whole_text_key(text)
        if key is None or key in self._seen:
            return
        self._seen.add(key)
        if len(text) >= LEAST_ANSWER:
            self.texts.add(key)
        if self.settings.words:
            self.runs.update(np.unique(word_windows(plain_words(text), self.settings.words)).tolist())

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return sorted arrays by name, as a folder of an index keeps them."""
        runs = sorted(key for key, rows in self.runs.items() if rows <= self.settings.most_rows)
        found: dict[str, NDArray[np.generic]] = {
            "entities": _sorted(self.entities),
            "pairs": _sorted(self.pairs),
            "texts": _sorted(self.texts),
            "runs": np.array(runs, dtype=np.uint64),
            "stretches": np.unique(np.concatenate([*self.stretches, np.empty(0, dtype=np.uint64)])),
        }
        if self.settings.containment is not None:
            found |= _postings(self.sequences)
        for kind, rows in self.fingerprints.items():
            found[f"fingerprints_{kind}"] = np.unique(np.stack(rows), axis=0)
        return found


def entity_keys(entity: Entity) -> Iterator[int]:
    """Yield the hash of an entity's identity, or of each of the parts that its kind names."""
    for kind, identity in kind_of(entity).identities(entity):
        yield hashed(kind, identity)


def pair_keys(entities: Sequence[Entity]) -> Iterator[int]:
    """Yield the hash of every two of several entities, in any order."""
    if len(entities) < 2:
        return  # the identity of an entity alone, most records, need not be found for this
    own = [f"{entity.kind}\0{kind_of(entity).identity(entity)}" for entity in entities]
    for pair in combinations(sorted(own), 2):
        yield hashed("pair", "\0".join(pair))


def whole_text_key(text: str) -> int | None:
    """Return the hash of a text without case, spaces and punctuation of typography; None of one without letters."""
    written = text_key(text)
    return hashed("text", written) if written else None


def fingerprint_of(entity: Entity) -> Fingerprint | None:
    """Return the packed fingerprint of an entity in its kind's first modality; None where there is none."""
    owner = kind_of(entity)
    try:
        return np.packbits(owner.fingerprint(entity, next(iter(owner.modalities), "")))
    except UnsupportedError:
        return None


def hashed(name: str, value: str) -> int:
    """Return 64 bits of a named value."""
    return int.from_bytes(blake2b(f"{name}\0{value}".encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _sorted(keys: Iterable[int]) -> Hashes:
    return np.array(sorted(keys), dtype=np.uint64)


def _postings(sequences: Iterable[str]) -> dict[str, NDArray[np.generic]]:
    """Return the words of sequences, sorted, the number of the sequence of each, and how many words each has."""
    words = [np.unique(letter_windows(letters, WORD_LETTERS)) for letters in sequences]
    sizes = np.array([len(own) for own in words], dtype=np.uint32)
    keys = np.concatenate([*words, np.empty(0, dtype=np.uint64)])
    owners = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
    order = np.argsort(keys, kind="stable")
    return {"words": keys[order], "word_owners": owners[order], "word_counts": sizes}
