"""How often each token of the open-ended modalities occurs, counted while records are tokenised.

A vocabulary of a corpus's own chooses its tokens by these counts, and a manifest says how much of them its vocabulary
covers; neither reads the tokens again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.base_modality import Modality

COUNTS: Final = "counts.json"
"""The file of a token slice that holds its counts: modality, token, occurrences."""
TRAINED: Final = "train"
"""The split whose tokens are counted."""


class TokenCounts:
    """The tokens of the training records of one slice in one modality.

    Parameters
    ----------
    writer : Modality
        A composite's tokens count for the modalities that own them.
    """

    def __init__(self, writer: Modality) -> None:
        self._writer = writer
        self._open = {part.name for part in (writer, *writer.written_with()) if part.open_ended}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in sorted(self._open)}

    def add(self, rows: Iterable[Mapping[str, Any]], splits: Sequence[str], first: int) -> None:
        """Count the tokens of rows; ``splits`` are those of the records from number ``first`` on."""
        if not self._open:
            return
        for row in rows:
            if splits[row["row"] - first] == TRAINED:
                for owner, owned in self._writer.spans(row["tokens"]):
                    if owner in self._counts:
                        self._counts[owner].update(owned)

    def write(self, folder: Path) -> None:
        """Write the counts into the folder of the slice."""
        (folder / COUNTS).write_text(json.dumps(self._counts, sort_keys=True, ensure_ascii=False), encoding="utf-8")


def summed(folders: Iterable[Path], names: Iterable[str]) -> dict[str, Counter[str]]:
    """Return the counts of finished token slices together, for the modalities of these names."""
    total: dict[str, Counter[str]] = {name: Counter() for name in names}
    for folder in folders:
        for owner, counts in json.loads((folder / COUNTS).read_text(encoding="utf-8")).items():
            if owner in total:
                total[owner].update(counts)
    return total


def coverage(counts: Mapping[str, Mapping[str, int]], known: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """Return, by modality, how many different tokens occur, how many of them a vocabulary has, and their share."""
    found = {}
    for name, own in counts.items():
        total = sum(own.values())
        covered = sum(count for token, count in own.items() if token in known.get(name, frozenset()))
        found[name] = {
            "different": len(own),
            "in_vocabulary": len(own.keys() & known.get(name, frozenset())),
            "occurrences": total,
            "share": round(covered / total, 6) if total else None,
        }
    return found
