"""The hash of a vocabulary's tokens with their ids, by which ids written with one are not read with another."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary


def token_table_fingerprint(vocabulary: Vocabulary) -> str:
    """Return the SHA-256, in hexadecimal, of every token and its id, wherever the vocabulary is stored."""
    table = sorted(vocabulary.backend.get_vocab(with_added_tokens=True).items())
    return hashlib.sha256(json.dumps(table).encode()).hexdigest()
