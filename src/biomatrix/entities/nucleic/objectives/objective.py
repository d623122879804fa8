"""What an objective of a design is: a named number of a transcript, with all that a reader of it must know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from biomatrix.entities.guided_search import Direction
from biomatrix.entities.nucleic.motifs import Motif
from biomatrix.entities.nucleic.objectives.transcript import Transcript
from biomatrix.entities.nucleic.objectives.usage import CodonUsage, usage_of


@dataclass(frozen=True)
class Settings:
    """What objectives depend on beside the transcript.

    Parameters
    ----------
    usage : CodonUsage
        Of the host, for the codon adaptation index.
    motifs : tuple of Motif
        Counted by ``motifs``; :func:`~biomatrix.entities.nucleic.motifs.parse_motifs` reads enzymes by name, on both
        strands.
    window : int
        Bases of a window of GC.
    longest_ensemble : int
        Longer transcripts are looked at through windows where the ensemble is asked for.
    """

    usage: CodonUsage
    motifs: tuple[Motif, ...] = ()
    window: int = 50
    longest_ensemble: int = 1_000

    @classmethod
    def for_host(cls, host: str = "h_sapiens", motifs: tuple[Motif, ...] = ()) -> Settings:
        """Return the settings for a host whose codon usage is here."""
        return cls(usage_of(host), motifs)


@dataclass(frozen=True)
class Objective:
    """One number.

    Parameters
    ----------
    name : str
    unit : str
        ``share``, ``kcal/mol``, ``count``, ``nt``, ``kcal/mol/nt`` or ``index``.
    better : {"higher", "lower", "none"}
        The direction of search; ``none`` for what is reported beside others.
    meaning, trap : str
        How it is defined, and what misleads in it.
    measure : callable
        Of a transcript and settings; NaN where the transcript lacks what it looks at.
    folds : bool
        Whether it needs ViennaRNA.
    """

    name: str
    unit: str
    better: Direction | Literal["none"]
    meaning: str
    trap: str
    measure: Callable[[Transcript, Settings], float]
    folds: bool = False
