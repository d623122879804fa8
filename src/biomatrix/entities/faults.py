"""What was refused, counted by kind of fault: a handful of reasons with their first records, not one per record."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from biomatrix.entities.rejects import Reject

FIRST: Final = 5
"""Rejects kept of each kind of fault."""
SHOWN: Final = 8
"""Kinds of fault shown in words."""
MOST_KINDS: Final = 200
"""Kinds of fault told apart: past them memory would grow with the file."""
OTHER: Final = "other reasons"

_GAP: Final = "…"
_LONGEST_KIND: Final = 100
"""Past it, reasons of other libraries repeat themselves, or are cut where the record's own words end."""
_LONGEST_SHOWN: Final = 300
_LONGEST_PLACE: Final = 120
"""Past it, the names of files and records are cut, so that the reason is always shown."""
_QUOTED: Final = re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"")
_WORD: Final = re.compile(r"\(*(?:<?[A-Za-z]{1,2}>?|[A-Za-z]?[a-z][A-Za-z]*(?:[-_'/.][A-Za-z]+)*)[.,:;!?)]*")
_NAMES: Final = frozenset({
    "ASCII", "BCIF", "CXSMILES", "ETKDG", "FASTA", "GZIP", "JSON", "MMFF", "MOL", "MOL2", "PDB", "RDKit", "SD", "SDF",
    "SELFIES", "SMILES", "TER", "UFF", "UTF-8", "V2000", "V3000", "XYZ", "2D", "3D", "BioMatrix", "BinaryCIF", "mmCIF",
})  # fmt: skip
"""Words of messages that look like data."""
_RUN: Final = re.compile(rf"{_GAP}(?:[\s,;:]*{_GAP})+")


def kind_of_fault(reason: str) -> str:
    """Return a reason without what differs from record to record: what it quotes, names, numbers and formulas.

    Examples
    --------
    >>> kind_of_fault("atom 7 has valence 5, where C allows 4")
    'atom … has valence … where C allows …'
    >>> kind_of_fault("not a SMILES string: 'C1CC' (unclosed ring: C1CC)")
    'not a SMILES string: … (unclosed ring: …'
    """
    words = _QUOTED.sub(_GAP, reason).split()
    kind = _RUN.sub(_GAP, " ".join(word if _is_word(word) else _GAP for word in words))
    return (
        kind if len(kind) <= _LONGEST_KIND else f"{kind[:_LONGEST_KIND].rpartition(' ')[0].rstrip(f' {_GAP}')} {_GAP}"
    )


class Faults:
    """Refused records, counted by kind of fault; memory does not grow with their number."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, list[Reject]] = {}

    def add(self, reject: Reject) -> None:
        """Count a refused record."""
        name = kind_of_fault(reject.reason)
        if name not in self.counts and len(self.counts) >= MOST_KINDS:
            name = OTHER
        self.counts[name] += 1
        first = self.first.setdefault(name, [])
        if len(first) < FIRST:
            first.append(reject)

    def as_mapping(self) -> dict[str, Any]:
        """Return the counts by kind of fault, and the first records of each, as plain values for JSON."""
        ranked = self.counts.most_common()
        records = {
            name: [{"record": one.record, "position": one.position, "reason": one.reason} for one in self.first[name]]
            for name, _ in ranked
        }
        return {"reasons": dict(ranked), "first": records}

    def as_lines(self) -> list[str]:
        """Return the faults in words, the most frequent first: a count, the first record in full, and the next."""
        ranked = self.counts.most_common()
        lines = [line for name, count in ranked[:SHOWN] for line in _described(count, self.first[name])]
        left = ranked[SHOWN:]
        if left:
            records = sum(count for _, count in left)
            lines.append(f"and {records:,} of {len(left):,} other kind{'s' if len(left) > 1 else ''}")
        return lines


def _place_of(reject: Reject) -> str:
    place = [str(reject.file or "-")]
    place += [f"record {reject.record}"] if reject.record is not None else []
    place += [f"position {reject.position}"] if reject.position is not None else []
    return ", ".join(place)


def _described(count: int, first: list[Reject]) -> list[str]:
    place = _place_of(first[0])
    # the end of a path tells more than its beginning
    shown_place = place if len(place) <= _LONGEST_PLACE else f"{_GAP}{place[-_LONGEST_PLACE:]}"
    line = f"{shown_place}: {first[0].reason}"
    shown = line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}{_GAP}"
    if count == 1:
        return [shown]
    others = [f"{one.record}" for one in first[1:] if one.record is not None]
    more = f"{_GAP}" if count > len(first) else ""
    return [f"{count:,} times, first {shown}", *([f"  also records {', '.join(others)}{more}"] if others else [])]


def _is_word(word: str) -> bool:
    return word == _GAP or _WORD.fullmatch(word) is not None or word.strip("().,:;") in _NAMES
