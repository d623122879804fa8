"""Objectives of codons and of where translation starts."""

from __future__ import annotations

from math import nan

from biomatrix.entities.nucleic.bases import as_dna
from biomatrix.entities.nucleic.objectives.objective import Settings
from biomatrix.entities.nucleic.objectives.transcript import Transcript


def adaptation_index(transcript: Transcript, settings: Settings) -> float:
    """Return the codon adaptation index of the coding part to the settings' host."""
    return settings.usage.adaptation_index(transcript.codons)


def kozak(transcript: Transcript, settings: Settings) -> float:
    """Return how many of A or G at -3 and G at +4 there are: 2 strong, 1 adequate, 0 weak (Kozak 1987)."""
    if transcript.coding is None or transcript.coding[0] < 3:
        return nan
    start = transcript.coding[0]
    return (transcript.sequence[start - 3] in "AG") + (transcript.sequence[start + 3 : start + 4] == "G")


def _upstream_starts(transcript: Transcript) -> list[int]:
    """Return the places of AUG that begin in the 5' UTR."""
    if transcript.coding is None:
        return []
    start = transcript.coding[0]
    return [place for place in range(start) if transcript.sequence[place : place + 3] == "AUG"]


def _stop_after(transcript: Transcript, place: int, settings: Settings) -> int | None:
    """Return where the first stop in frame with a start begins; None where the sequence ends before one."""
    letters, stops = as_dna(transcript.sequence), settings.usage.code.stops
    return next((at for at in range(place, len(letters) - 2, 3) if letters[at : at + 3] in stops), None)


def upstream_starts(transcript: Transcript, settings: Settings) -> float:
    """Return the number of AUG that begin in the 5' UTR, in any frame."""
    return len(_upstream_starts(transcript)) if transcript.coding else nan


def upstream_frames(transcript: Transcript, settings: Settings) -> float:
    """Return the number of upstream open frames: AUG in the 5' UTR whose stop ends before the coding part."""
    if transcript.coding is None:
        return nan
    ends = [_stop_after(transcript, place, settings) for place in _upstream_starts(transcript)]
    return sum(end is not None and end + 3 <= transcript.coding[0] for end in ends)


def overlapping_frames(transcript: Transcript, settings: Settings) -> float:
    """Return the number of AUG in the 5' UTR, out of the coding frame, that are read on into the coding part."""
    if transcript.coding is None:
        return nan
    start = transcript.coding[0]
    ends = [(p, _stop_after(transcript, p, settings)) for p in _upstream_starts(transcript) if (start - p) % 3]
    return sum(end is None or end + 3 > start for _, end in ends)
