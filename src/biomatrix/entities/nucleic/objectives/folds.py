"""Objectives of the fold. They need ViennaRNA, the extra ``fold``."""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.folding.local import local_unpaired
from biomatrix.entities.nucleic.objectives.objective import Settings
from biomatrix.entities.nucleic.objectives.transcript import Transcript

CAP = 30
"""Bases from the cap that a small ribosomal subunit lands on."""


def mfe(transcript: Transcript, settings: Settings) -> float:
    """Return the free energy of the most stable structure at 37 C."""
    return transcript.folded.energy


def mfe_per_base(transcript: Transcript, settings: Settings) -> float:
    """Return that energy over the number of bases."""
    return transcript.folded.energy / len(transcript.sequence)


def start_mfe(transcript: Transcript, settings: Settings) -> float:
    """Return the free energy of -4..+37 round the start codon, folded by itself; NaN where that window is not whole."""
    return transcript.start_window.energy if transcript.start_window else nan


def start_open(transcript: Transcript, settings: Settings) -> float:
    """Return the mean probability that the bases -4..+37 round the start are unpaired, in the whole transcript."""
    if transcript.coding is None or transcript.coding[0] < 4:
        return nan
    return float(_unpaired(transcript, settings)[transcript.coding[0] - 4 : transcript.coding[0] + 37].mean())


def cap_open(transcript: Transcript, settings: Settings) -> float:
    """Return the mean probability that the first 30 bases are unpaired."""
    return float(_unpaired(transcript, settings)[:CAP].mean())


def unpaired(transcript: Transcript, settings: Settings) -> float:
    """Return the mean probability that a base is unpaired (AUP, Wayment-Steele et al. 2021)."""
    return float(_unpaired(transcript, settings).mean())


def _unpaired(transcript: Transcript, settings: Settings) -> NDArray[np.float64]:
    if len(transcript.sequence) <= settings.longest_ensemble:
        return transcript.ensemble.unpaired
    return local_unpaired(transcript.sequence)
