"""Whether a record holds what a test set holds, or something near it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from biomatrix.corpus.decontamination.index import TestIndex
from biomatrix.corpus.decontamination.subjects import subject_of_record
from biomatrix.corpus.decontamination.test_rows import (
    WORD_LETTERS,
    entity_keys,
    fingerprint_of,
    pair_keys,
    whole_text_key,
)
from biomatrix.corpus.mapped_arrays import mapped
from biomatrix.corpus.records import Record
from biomatrix.corpus.windows import letter_windows, plain_words, word_windows
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of


class Found(NamedTuple):
    """What a record shares with a test set: the way of comparing, the reason in words, the name of the set."""

    way: str
    reason: str
    owner: str


def contamination(record: Record, index: TestIndex) -> Found | None:
    """Return what a record shares with a test set; None where it shares nothing.

    Ways: ``identity``, ``pair``, ``stretch``, ``containment``, ``similarity``, ``text``, ``words``. What is held out of
    training is not compared.
    """
    if record.split == "held_out":
        return None
    subject = subject_of_record(record)
    for entity in subject.entities:
        found = _of_entity(entity, record.source, index)
        if found is not None:
            return found
    owner = index.holder("pairs", list(pair_keys(subject.entities)), record.source)
    if owner is not None:
        return Found("pair", f"two of its entities stand together in {owner}", owner)
    return _of_texts(subject.texts, record.source, index)


def _of_entity(entity: Entity, source: str, index: TestIndex) -> Found | None:
    owner = index.holder("entities", list(entity_keys(entity)), source)
    if owner is not None:
        return Found("identity", f"the same {entity.kind} is in {owner}", owner)
    letters = kind_of(entity).aligned_letters(entity)
    settings = index.settings
    if letters and settings.stretch:
        owner = index.holder("stretches", letter_windows(letters, settings.stretch), source)
        if owner is not None:
            reason = f"shares {settings.stretch} letters in a row with a {entity.kind} of {owner}"
            return Found("stretch", reason, owner)
    if letters and settings.containment is not None:
        owner = containing(letters, settings.containment, source, index)
        if owner is not None:
            return Found("containment", f"holds most of a {entity.kind} of {owner}, cut into words", owner)
    if settings.tanimoto is not None:
        owner = similar(entity, settings.tanimoto, source, index)
        if owner is not None:
            return Found("similarity", f"nearly the same {entity.kind} is in {owner}", owner)
    return None


def _of_texts(texts: Sequence[str], source: str, index: TestIndex) -> Found | None:
    whole = [key for key in map(whole_text_key, texts) if key is not None]
    owner = index.holder("texts", whole, source)
    if owner is not None:
        return Found("text", f"the same text is in {owner}", owner)
    size = index.settings.words
    for text in texts if size else ():
        owner = index.holder("runs", word_windows(plain_words(text), size), source)
        if owner is not None:
            return Found("words", f"shares {size} words in a row with a text of {owner}", owner)
    return None


def containing(letters: str, least: float, source: str, index: TestIndex) -> str | None:
    """Return a test set of which letters hold this share of the distinct words of a sequence."""
    own = np.unique(letter_windows(letters, WORD_LETTERS))
    for name, folder in index.arrays("words", source):
        words, owners, counts = (mapped(folder / f"{part}.npy") for part in ("words", "word_owners", "word_counts"))
        starts, ends = np.searchsorted(words, own, "left"), np.searchsorted(words, own, "right")
        spans = [owners[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        if spans:
            shared = np.bincount(np.concatenate(spans), minlength=len(counts))
            if (shared >= np.maximum(least * counts, 1)).any():
                return name
    return None


def similar(entity: Entity, least: float, source: str, index: TestIndex) -> str | None:
    """Return a test set that holds an entity of this Tanimoto similarity, or a larger one."""
    bits = fingerprint_of(entity)
    if bits is None:
        return None
    size = int(np.bitwise_count(bits).sum())
    for name, folder in index.arrays(f"fingerprints_{entity.kind}", source):
        others = mapped(folder / f"fingerprints_{entity.kind}.npy")
        shared = np.bitwise_count(others & bits).sum(axis=1, dtype=np.int64)
        either = np.bitwise_count(others).sum(axis=1, dtype=np.int64) + size - shared
        if (shared >= least * np.maximum(either, 1)).any():
            return name
    return None
