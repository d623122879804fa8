"""Is what was read of a mutant what the mutant says? Equal, noted, refused; or silently different, or a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biomatrix.entities import Entity, Protein, Reject
from fuzzing.differences import STRUCTURES, UNREADABLE, Difference, differences_of
from fuzzing.ours import entries
from fuzzing.outcome import Verdict


@dataclass(frozen=True)
class Original:
    """What reading the unchanged file gives: its notes, and the differences that they tell of.

    Neither says anything about what a mutation did.
    """

    notes: frozenset[str] = frozenset()
    differences: frozenset[Difference] = frozenset()
    readings: Mapping[str, bytes] = field(default_factory=dict)
    """What was read of each chain: where the independent reader refuses a whole mutant, it may still be this."""


def judge(path: Path, content: bytes, file_format: str, original: Original | None = None) -> Verdict:
    """Read a mutant both ways and compare.

    A note excuses what differs in its own record alone, as does the refusal of a record.

    Parameters
    ----------
    path : Path
        Where the mutant lies.
    content : bytes
        The same mutant.
    file_format : str
    original : Original, optional
        What the unchanged file gives; none when it is this one.
    """
    known = original or Original()
    try:
        ours = entries(path, file_format)
    except Exception as error:  # noqa: BLE001  # a crash is a finding
        return Verdict("crash", f"{type(error).__name__}: {error}")
    if ours and all(isinstance(one, Reject) for one in ours):
        return Verdict("refused", str(ours[0]))
    readings = _readings(ours)
    found = [
        one
        for one in differences_of(ours, content, file_format)
        if one not in known.differences and not _is_untouched(one, readings, known)
    ]
    refused = [one for one in ours if isinstance(one, Reject)]
    notes = _new_notes(ours, file_format, known)
    silent = [one for one in found if not _is_told(one, notes, refused, file_format)]
    if silent:
        return Verdict("silent", "; ".join(f"record {one.record}: {one.words}" for one in silent[:3]))
    if not found:
        return Verdict("refused" if refused else "same")
    told = notes.get(found[0].record) or next(iter(notes.values()), None)
    return Verdict("noted", f"{found[0].words} [{told}]") if told else Verdict("refused", found[0].words)


def original_of(path: Path, content: bytes, file_format: str) -> Original:
    """Return what an unchanged file gives; where it has no note, its differences count as those of a mutant."""
    ours = entries(path, file_format)
    notes = frozenset(note for one in ours if isinstance(one, Entity) for note in one.notes)
    found = differences_of(ours, content, file_format)
    refused = [one for one in ours if isinstance(one, Reject)]
    by_record = _new_notes(ours, file_format, Original())
    told = frozenset(one for one in found if _is_told(one, by_record, refused, file_format))
    return Original(notes, told, _readings(ours))


def _readings(ours: Sequence[Any]) -> dict[str, bytes]:
    """Return the letters and places of each protein chain, by its identifier."""
    chains = (one for one in ours if isinstance(one, Protein) and one.backbone is not None)
    return {one.chain: one.sequence.encode() + one.backbone.tobytes() for one in chains}


def _is_untouched(found: Difference, readings: Mapping[str, bytes], known: Original) -> bool:
    """Return whether a chain that the independent reader refuses with its whole file is that of the unchanged file."""
    chain = str(found.record)
    return found.words.endswith(UNREADABLE) and chain in readings and readings[chain] == known.readings.get(chain)


def _new_notes(ours: Sequence[Any], file_format: str, known: Original) -> dict[int | str | None, str]:
    """Return the first note of each record that the unchanged file does not have."""
    notes: dict[int | str | None, str] = {}
    for number, one in enumerate(ours, start=1):
        new = [note for note in one.notes if note not in known.notes] if isinstance(one, Entity) else []
        if new:
            notes[one.chain if file_format in STRUCTURES else number] = new[0]
    return notes


def _is_told(
    found: Difference, notes: dict[int | str | None, str], refused: Sequence[Reject], file_format: str
) -> bool:
    if found.firm:
        return False
    if found.record in notes:
        return True
    if any(one.record is None for one in refused):  # the file was read up to a fault that is named
        return True
    if found.record is None:
        return bool(notes or refused)
    # a chain that is refused, or left out with a note of the file that every chain of it bears
    return file_format in STRUCTURES and (any(one.record == found.record for one in refused))
