"""All that is asked of one sequence, put together: the regions, the motifs, the flanks, the share of G and C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from biomatrix.entities.nucleic.constraints.compiled import Compiled
from biomatrix.entities.nucleic.constraints.motif_automaton import MotifAutomaton
from biomatrix.entities.nucleic.constraints.template import Node, Region, coding, free_bases, given_bases, joined
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.entities.nucleic.motifs import POLY_A, Motif
from biomatrix.errors import ConfigurationError

_UPSTREAM, _SIGNALS, _KOZAK = 1, 2, 4
"""Groups of motifs, as bits: a start upstream, signals of polyadenylation, the bases before a start."""
KOZAK: Final = "GCCRCC"
"""What stands before the start in vertebrates (Kozak, Nucleic Acids Research 15 (1987) 8125); a G stands behind it."""
GROUPS: Final = (
    (Motif("ATG", "a start upstream"),),
    tuple(Motif(signal, "a signal of polyadenylation") for signal in POLY_A),
    (Motif(KOZAK, "the bases before a start"),),
)


@dataclass(frozen=True)
class Coding:
    """A protein that is kept.

    Parameters
    ----------
    protein : str
        One-letter codes, X for any, ``*`` for a stop.
    table : int
        The id of the genetic code.
    any_start : bool
        Whether any start codon of the table will do for an M in front.
    stops : tuple of str
        The stop codons that may be used; all of the table's where empty.
    recode : bool
        Whether U and O are written, as TGA and TAG.
    """

    protein: str
    table: int = 1
    any_start: bool = False
    stops: tuple[str, ...] = ()
    recode: bool = False

    def region(self, rule: int = 0, start_rule: int = 0) -> Region:
        """Return its codons, in which no motif of some groups may end; ``start_rule`` holds within the first codon."""
        code = genetic_code(self.table)
        return coding(
            self.protein,
            code,
            starts=code.starts if self.any_start else None,
            stops=self.stops or None,
            recode=self.recode,
            rule=(rule, rule, rule),
            start_rule=(rule | start_rule, rule | start_rule, rule),
        )


@dataclass(frozen=True)
class Untranslated:
    """The part of a transcript before or behind its coding sequence.

    Parameters
    ----------
    least, most : int
        Bases.
    letters : str
        IUPAC letters where it is given; its length is then theirs.
    no_start : bool
        Of the part before: whether no ATG may begin in it.
    kozak : bool
        Of the part before: whether :data:`KOZAK` ends it, and G follows the start where the protein has it.
    signals_from : int, optional
        Of the part behind: how many bases before its end a signal of polyadenylation may begin at the earliest; 0 for
        none at all, None for anywhere. Nor may one stand in the coding sequence.
    """

    least: int
    most: int
    letters: str = ""
    no_start: bool = False
    kozak: bool = False
    signals_from: int | None = None

    def region(self, name: str) -> Region:
        """Return its bases."""
        before = _UPSTREAM if self.no_start else 0
        if self.letters:
            region = given_bases(self.letters, name, (before, 0, 0))
        else:
            region = free_bases(self.least, self.most, name, (before, 0, 0))
        if self.signals_from is None:
            return region
        if self.signals_from and self.least != self.most:
            raise ConfigurationError(f"a signal near the end of the {name} asks for an exact length of it")
        longest = max(map(len, POLY_A))
        free_from = len(region.nodes) - self.signals_from + longest - 1 if self.signals_from else len(region.nodes)
        rules = [_SIGNALS if place < free_from else 0 for place in range(len(region.nodes))]
        nodes = tuple(replace(node, rule=(rule, 0, 0)) for node, rule in zip(region.nodes, rules, strict=True))
        return Region(nodes, region.least)


@dataclass(frozen=True)
class Design:
    """All that is asked of one sequence.

    Parameters
    ----------
    coding : Coding, optional
    before, behind : Untranslated, optional
        The untranslated parts.
    motifs : tuple of Motif
        What may stand nowhere.
    places : tuple of (int, str)
        IUPAC letters at base positions counted from 0: of the whole sequence, or of the coding sequence where that is
        known alone.
    left, right : str
        What stands before and behind.
    gc : tuple of (float, float)
        Bounds on the share of G and C, from 0 to 1.
    pairs : tuple of (int, int)
        Bases that pair, counted from 0.
    paired_length : int
        The bases of the whole that the pairs are of; 0 where there are none.
    """

    coding: Coding | None = None
    before: Untranslated | None = None
    behind: Untranslated | None = None
    motifs: tuple[Motif, ...] = ()
    places: tuple[tuple[int, str], ...] = ()
    left: str = ""
    right: str = ""
    gc: tuple[tuple[float, float], ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    paired_length: int = 0

    def nodes(self, least: int, most: int, default: Untranslated | None = None) -> tuple[Node, ...]:
        """Return the template.

        Parameters
        ----------
        least, most : int
            The bases of the whole, where no protein is kept.
        default : Untranslated, optional
            The untranslated parts where nothing is said of them; none where not given.
        """
        if self.coding is None and self.paired_length:
            return self._free(self.paired_length, self.paired_length, default)
        if self.coding is None:
            return self._free(least, most, default)
        before, behind = self.before or default, self.behind or default
        rule = _SIGNALS if behind is not None and behind.signals_from is not None else 0
        region = self.coding.region(rule, _UPSTREAM if before is not None and before.no_start else 0)
        if before is not None and before.kozak:
            region = _after_kozak(region)
        parts = [] if before is None else [before.region("5' UTR base")]
        parts += [region.fixed(self.places)]
        parts += [] if behind is None else [behind.region("3' UTR base")]
        return joined(parts)

    def _free(self, least: int, most: int, default: Untranslated | None) -> tuple[Node, ...]:
        if default is not None:
            raise ConfigurationError(
                "constraints on a transcript start from its protein; give translates=PROTEIN, or design rna_sequence"
            )
        if self.before is not None or self.behind is not None:
            raise ConfigurationError("utr5 and utr3 stand beside a protein; give translates=PROTEIN too")
        last = max((place for place, _ in self.places), default=0)
        if last >= most:
            raise ConfigurationError(f"position {last + 1} is asked for, but there are at most {most:,} bases")
        return joined([free_bases(max(least, 1), most).fixed(self.places)])

    @cached_property
    def motif_automaton(self) -> MotifAutomaton:
        """The automaton of its motifs."""
        used = [
            self.before is not None and self.before.no_start,
            self.behind is not None and self.behind.signals_from is not None,
            self.before is not None and self.before.kozak,
        ]
        return MotifAutomaton.of(
            self.motifs, [group if asked else () for group, asked in zip(GROUPS, used, strict=True)]
        )

    def compiled(self, nodes: tuple[Node, ...], codon_cost: int) -> Compiled:
        """Return the template worked through. Raises ConfigurationError with the place where it closes."""
        return Compiled.build(nodes, self.motif_automaton, left=self.left, right=self.right, codon_cost=codon_cost)

    def adding(self, changes: Mapping[str, object]) -> Design:
        """Return the design under one more wish.

        Raises
        ------
        ConfigurationError
            What can be asked once is asked twice.
        """
        for name in ("coding", "before", "behind", "left", "right", "paired_length"):
            if changes.get(name) and getattr(self, name) not in (None, "", 0, changes[name]):
                raise ConfigurationError(f"two constraints say what the {_IN_WORDS[name]} is; give one of them")
        joint = {
            name: (*getattr(self, name), *value) if isinstance(value, tuple) else value
            for name, value in changes.items()
        }
        return replace(self, **joint)  # type: ignore[arg-type]


_IN_WORDS: Final = {
    "coding": "protein",
    "before": "5' UTR",
    "behind": "3' UTR",
    "left": "left flank",
    "right": "right flank",
    "paired_length": "pairing",
}


def _after_kozak(region: Region) -> Region:
    """Return a coding region behind the bases before a start, with a G behind the start where a codon has it."""
    first, *rest = region.nodes
    rest = list(Region(tuple(rest), len(rest)).fixed([(0, "G")]).nodes) if rest else rest
    if rest and not rest[0].codons:
        rest = list(region.nodes[1:])
    return Region((replace(first, needs=_KOZAK), *rest), region.least)
