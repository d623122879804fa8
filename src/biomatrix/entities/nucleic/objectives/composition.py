"""Objectives that count letters."""

from __future__ import annotations

import re
from math import nan

import numpy as np

from biomatrix.entities.nucleic.motifs import POLY_A, Motif
from biomatrix.entities.nucleic.objectives.objective import Settings
from biomatrix.entities.nucleic.objectives.transcript import Transcript

LAST_SIGNAL = 50
"""Bases before the 3' end within which a poly(A) signal is where it belongs: cleavage follows it by 10 to 30 nt."""
_SIGNALS = tuple(Motif(signal, f"poly(A) signal {signal}") for signal in POLY_A)
_AU_RICH = Motif("ATTTA", "AUUUA")


def _share(letters: str, wanted: str) -> float:
    return sum(map(letters.count, wanted)) / len(letters) if letters else nan


def gc(transcript: Transcript, settings: Settings) -> float:
    """Return the share of G and C."""
    return _share(transcript.sequence, "GC")


def gc3(transcript: Transcript, settings: Settings) -> float:
    """Return the share of G and C at third places of codons, the stop left out."""
    return _share("".join(codon[2] for codon in transcript.codons[:-1]), "GC")


def u_share(transcript: Transcript, settings: Settings) -> float:
    """Return the share of U."""
    return _share(transcript.sequence, "U")


def _window_shares(transcript: Transcript, window: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the share of G and C of every whole window, or of all where the sequence is shorter than one."""
    letters = np.frombuffer(transcript.sequence.encode("ascii"), dtype="S1")
    window = min(window, len(letters))
    sums = np.concatenate([[0], np.cumsum((letters == b"G") | (letters == b"C"))])
    shares: np.ndarray[tuple[int], np.dtype[np.float64]] = (sums[window:] - sums[: len(sums) - window]) / max(window, 1)
    return shares


def gc_highest(transcript: Transcript, settings: Settings) -> float:
    """Return the highest share of G and C of a window."""
    return float(_window_shares(transcript, settings.window).max()) if transcript.sequence else nan


def gc_lowest(transcript: Transcript, settings: Settings) -> float:
    """Return the lowest share of G and C of a window."""
    return float(_window_shares(transcript, settings.window).min()) if transcript.sequence else nan


def cpg(transcript: Transcript, settings: Settings) -> float:
    """Return the number of C followed by G."""
    return transcript.sequence.count("CG")


def upa(transcript: Transcript, settings: Settings) -> float:
    """Return the number of U followed by A."""
    return transcript.sequence.count("UA")


def longest_run(transcript: Transcript, settings: Settings) -> float:
    """Return the length of the longest run of one base."""
    return max((len(found.group()) for found in re.finditer(r"(.)\1*", transcript.sequence)), default=0)


def motifs(transcript: Transcript, settings: Settings) -> float:
    """Return how often the settings' motifs stand in the transcript; each on the strands it was given for."""
    return sum(len(motif.places(transcript.sequence)) for motif in settings.motifs)


def early_signals(transcript: Transcript, settings: Settings) -> float:
    """Return the number of poly(A) signals that begin before the last 50 bases."""
    end = len(transcript.sequence) - LAST_SIGNAL
    return sum(place < end for motif in _SIGNALS for place in motif.places(transcript.sequence))


def trailer_length(transcript: Transcript, settings: Settings) -> float:
    """Return the length of the 3' UTR."""
    return len(transcript.trailer) if transcript.coding else nan


def au_rich_elements(transcript: Transcript, settings: Settings) -> float:
    """Return the number of AUUUA in the 3' UTR, overlapping ones too."""
    return len(_AU_RICH.places(transcript.trailer)) if transcript.coding else nan
