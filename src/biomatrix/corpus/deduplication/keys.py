"""By what two records are the same, and which of them is kept."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.decontamination.text_keys import text_key
from biomatrix.corpus.filters.record_filter import prose
from biomatrix.corpus.records import Record
from biomatrix.entities.kind_registry import kind_of

RANKS: Final = {"held_out": 0, "train": 1, "held_out_label": 1}
"""What is held out is kept before what is trained on: no training record then equals a held-out one."""
MOST_FIELDS: Final = 0xFFFF


def same_key(record: Record) -> bytes:
    """Return the 16 bytes that records which say the same share.

    Of an entity its kind's ``identity``, whatever is known of it; of a text its letters without case, spaces and
    punctuation of typography; of several entities those of each role and all fields, since a pair is measured more than
    once. Records whose measured label is held out are compared among themselves alone.
    """
    parts = [record.kind, str(record.split == "held_out_label"), *_said(record)]
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


def _said(record: Record) -> Iterator[str]:
    if record.entity is not None:
        yield kind_of(record.entity).identity(record.entity)
    elif record.parts and not _is_prose(record):
        for role, entity in sorted(record.parts.items()):
            yield from (role, kind_of(entity).identity(entity))
        for name, value in sorted(record.fields.items()):
            yield from (name, text_key(value))
    else:
        yield text_key(prose(record))


def _is_prose(record: Record) -> bool:
    return "text" in record.fields


def rank_of(record: Record) -> tuple[int, int, int]:
    """Return what decides which of two equal records is kept, the smaller one; ties go to the earlier source and row.

    Held out before trained on, then with coordinates before without, then more fields before fewer.
    """
    entities = (*record.parts.values(),) if record.entity is None else (record.entity,)
    flat = not any(entity.has_structure for entity in entities)
    return RANKS[record.split], int(flat), MOST_FIELDS - min(len(record.fields), MOST_FIELDS)


def packed_rank(record: Record) -> int:
    """Return :func:`rank_of` as one number of 32 bits."""
    split, flat, fields = rank_of(record)
    return (split << 17) | (flat << 16) | fields


def as_numbers(key: bytes) -> NDArray[np.uint64]:
    """Return 16 bytes as two numbers, ``uint64 [2]``."""
    return np.frombuffer(key, dtype=">u8").astype(np.uint64)
