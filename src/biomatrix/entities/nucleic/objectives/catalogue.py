"""All objectives, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from biomatrix.entities.near_matches import choices
from biomatrix.entities.nucleic.folding.library import is_installed, vienna
from biomatrix.entities.nucleic.objectives import composition, folds, initiation
from biomatrix.entities.nucleic.objectives.objective import Objective, Settings
from biomatrix.entities.nucleic.objectives.transcript import Transcript
from biomatrix.errors import ConfigurationError

_ALL: Final = (
    Objective(
        "cai", "index", "higher",
        "codon adaptation index: geometric mean of each codon's number over that of its amino acid's commonest",
        "the reference set, the pseudocount and the code are part of it; 1 is one codon an amino acid, hence repeats",
        initiation.adaptation_index,
    ),
    Objective(
        "gc", "share", "none", "share of G and C in the whole transcript",
        "moves codon adaptation and energy with it: report it beside both", composition.gc,
    ),
    Objective(
        "gc3", "share", "none", "share of G and C at third places of codons, stop left out",
        "hosts differ; neither end is good as such", composition.gc3,
    ),
    Objective(
        "gc_highest", "share", "lower", "highest share of G and C of a whole window (50 nt)",
        "a sequence shorter than a window counts as one", composition.gc_highest,
    ),
    Objective(
        "gc_lowest", "share", "higher", "lowest share of G and C of a whole window (50 nt)",
        "poly(A) tails count: measure without them", composition.gc_lowest,
    ),
    Objective(
        "u", "share", "lower", "share of U", "F, L and I need U: it works against codon usage", composition.u_share,
    ),
    Objective(
        "cpg", "count", "lower", "C followed by G, over codon borders too",
        "grows with length and GC; codons for R, A, S, P and T carry it", composition.cpg,
    ),
    Objective(
        "upa", "count", "lower", "U followed by A, over codon borders too",
        "grows with length; Y and every stop hold one", composition.upa,
    ),
    Objective(
        "longest_run", "nt", "lower", "longest run of one base", "a poly(A) tail is one", composition.longest_run,
    ),
    Objective(
        "motifs", "count", "lower", "places where the motifs that were asked for stand, overlapping ones too",
        "0 when none were asked for", composition.motifs,
    ),
    Objective(
        "early_poly_a", "count", "lower", "AAUAAA and AUUAAA that begin before the last 50 nt",
        "the one in the last 50 nt is the signal that belongs there", composition.early_signals,
    ),
    Objective(
        "kozak", "index", "higher", "A or G at -3 and G at +4: 2 strong, 1 adequate, 0 weak",
        "two of eleven places; G at +4 fixes the second amino acid (A, D, E, G, V)", initiation.kozak,
    ),
    Objective(
        "upstream_aug", "count", "lower", "AUG that begin in the 5' UTR, in any frame",
        "one in frame without a stop lengthens the protein instead", initiation.upstream_starts,
    ),
    Objective(
        "upstream_orf", "count", "lower", "AUG in the 5' UTR whose stop ends before the coding part",
        "near-cognate starts (CUG) are not seen", initiation.upstream_frames,
    ),
    Objective(
        "overlapping_orf", "count", "lower", "AUG in the 5' UTR, out of frame, read on into the coding part",
        "hurts most of all: such ribosomes never reach the start", initiation.overlapping_frames,
    ),
    Objective(
        "utr3_length", "nt", "none", "length of the 3' UTR", "a tail that is part of the sequence counts",
        composition.trailer_length,
    ),
    Objective(
        "are", "count", "lower", "AUUUA in the 3' UTR", "alone a weak sign of decay; clusters matter",
        composition.au_rich_elements,
    ),
    Objective(
        "mfe", "kcal/mol", "none", "free energy of the most stable structure, 37 C",
        "G-C stuffing always wins, and length too: never without GC beside it", folds.mfe, True,
    ),
    Objective(
        "mfe_per_nt", "kcal/mol/nt", "none", "that energy over the length", "as mfe: read beside GC",
        folds.mfe_per_base, True,
    ),
    Objective(
        "start_mfe", "kcal/mol", "higher", "free energy of -4..+37 round the start, folded by itself (Kudla 2009)",
        "what lies outside may still pair with it: see start_open", folds.start_mfe, True,
    ),
    Objective(
        "start_open", "share", "higher", "mean probability that -4..+37 are unpaired in the whole transcript",
        "above 1,000 nt through windows of 200, which see no longer pairs", folds.start_open, True,
    ),
    Objective(
        "cap_open", "share", "higher", "mean probability that the first 30 nt are unpaired",
        "of a fragment without its 5' end it says nothing", folds.cap_open, True,
    ),
    Objective(
        "aup", "share", "lower", "mean probability that a base is unpaired (hydrolysis in solution)",
        "pulls against an open start; above 1,000 nt through windows of 200", folds.unpaired, True,
    ),
)  # fmt: skip
OBJECTIVES: Final[Mapping[str, Objective]] = {objective.name: objective for objective in _ALL}
"""Every objective by its name."""


def objectives_named(names: Iterable[str] | None = None) -> tuple[Objective, ...]:
    """Return objectives by name; where None, all that can be measured here, so without ViennaRNA none that folds.

    Raises
    ------
    ConfigurationError
        A name that is none; one that folds where ViennaRNA is not installed.
    """
    if names is None:
        return tuple(each for each in _ALL if not each.folds or is_installed())
    found = []
    for name in names:
        if name not in OBJECTIVES:
            raise ConfigurationError(f"no objective {name!r}; {choices(name, OBJECTIVES)}")
        found.append(OBJECTIVES[name])
    if any(each.folds for each in found):
        vienna()
    return tuple(found)


def measure(
    transcript: Transcript, names: Iterable[str] | None = None, settings: Settings | None = None
) -> dict[str, float]:
    """Return the objectives of a transcript by name, NaN where it lacks what one looks at.

    Raises
    ------
    ConfigurationError
        As :func:`objectives_named`.

    Examples
    --------
    >>> measured = measure(Transcript("GCCACCAUGGCCUAA", (6, 15)), ["cai", "kozak", "upstream_aug"])
    >>> measured["cai"], measured["kozak"], measured["upstream_aug"]
    (1.0, 2.0, 0.0)
    """
    settings = settings or Settings.for_host()
    return {each.name: float(each.measure(transcript, settings)) for each in objectives_named(names)}
