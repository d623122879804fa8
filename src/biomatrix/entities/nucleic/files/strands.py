"""Strands of DNA and RNA from a table of atoms, by one stated policy; every decision it takes is noted in a sentence.

Author chain and residue numbering; the first model; no strand is ever joined to another; the sequence holds the
nucleotides that have atoms in the file. A strand is DNA where most of its sugars lack O2'. A modified residue has its
parent's letter; what is no nucleotide is left out and counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from biomatrix.entities.limits import Limits
from biomatrix.entities.nucleic.bases import ANY, BaseKind
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.files.nucleotides import Nucleotide, nucleotide_of
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.errors import ParseError

_LONGEST_LINK: Final = 2.5
"""Angstrom from O3' to the P that it is bonded to, stretched as models have it."""
_SHOWN: Final = 8


@dataclass
class Strand:
    """The nucleotides of one chain."""

    chain: str
    label: str
    nucleotides: list[Nucleotide] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def kind(self) -> BaseKind:
        """DNA where most of the sugars that tell it lack O2'; by the residue names where none tells."""
        sugars = [one.deoxy for one in self.nucleotides if one.deoxy is not None]
        if not sugars:
            sugars = [one.name.startswith("D") or one.letter == "T" for one in self.nucleotides]
        return "dna" if 2 * sum(sugars) > len(sugars) else "rna"


def strands_of(table: AtomTable) -> list[Strand]:
    """Return the strands of a table in file order."""
    strands: dict[tuple[str, str], Strand] = {}
    others: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in _residues(table):
        chain, label = str(table.chain[rows[0]]), str(table.label_chain[rows[0]])
        one = nucleotide_of(table, rows)
        if one is None:
            others[chain][str(table.residue[rows[0]])] += 1
        else:
            strands.setdefault((chain, label), Strand(chain, label)).nucleotides.append(one)
    for strand in strands.values():
        loose = _ligands(table, strand.nucleotides)
        strand.nucleotides = [one for place, one in enumerate(strand.nucleotides) if place not in loose]
        others[strand.chain].update(loose.values())
    found = [one for one in strands.values() if one.nucleotides]
    for strand in found:
        strand.left_out.update(others[strand.chain])
    return found


def _residues(table: AtomTable) -> list[list[int]]:
    """Return the rows of each residue: neighbours in the file with one chain, number and insertion code."""
    found: list[list[int]] = []
    last: tuple[object, ...] | None = None
    keys = zip(
        table.chain.tolist(),
        table.label_chain.tolist(),
        table.number.tolist(),
        table.insertion.tolist(),
        table.section.tolist(),
        strict=True,
    )
    for row, key in enumerate(keys):
        if key != last:
            found.append([])
            last = key
        found[-1].append(row)
    return found


def _ligands(table: AtomTable, nucleotides: list[Nucleotide]) -> dict[int, str]:
    """Return the places, and names, of residues of other names than plain ones that nothing joins to the strand.

    Where the file says that an atom is part of a polymer, or that it is not, that decides.
    """
    loose = {}
    for place, one in enumerate(nucleotides):
        said = table.polymer[one.rows[0]]
        if one.is_plain or said == 1:
            continue
        if not any(_joined(table, one, other) or _joined(table, other, one) for other in nucleotides):
            loose[place] = one.name
    return loose


def _joined(table: AtomTable, one: Nucleotide, following: Nucleotide) -> bool:
    if "O3'" not in one.atoms or "P" not in following.atoms:
        return False
    ends = table.coordinates[[one.atoms["O3'"], following.atoms["P"]]]
    return float(np.linalg.norm(ends[0] - ends[1])) <= _LONGEST_LINK


def choose_strand(strands: list[Strand], chain: int | str | None, kind: BaseKind, table: AtomTable) -> Strand:
    """Return the strand of an author identifier, else of a label identifier, else of a number from 1.

    Raises
    ------
    ParseError
        No strand of the kind, several where ``chain`` names none, or none of that name; it lists what there is.
    """
    own = [one for one in strands if one.kind == kind]
    if not own:
        there = f"; it holds {len(strands)} of the other kind" if strands else ""
        names = Counter(str(name) for name in np.unique(table.residue))
        raise ParseError(f"no strand of {kind.upper()} in the file{there} (residues {', '.join(list(names)[:_SHOWN])})")
    listed = ", ".join(f"{one.chain!r} with {len(one.nucleotides)} nucleotides" for one in own[:_SHOWN])
    if chain is None:
        if len(own) > 1:
            raise ParseError(
                f"the file holds {len(own)} strands of {kind.upper()}: ask for one with --chain (record= in Python), "
                f"of {listed}"
            )
        return own[0]
    for named in ([one for one in own if one.chain == str(chain)], [one for one in own if one.label == str(chain)]):
        if len(named) == 1:
            return named[0]
        if named:
            raise ParseError(f"chain {chain!r} is several strands: ask by label, one of {listed}")
    if isinstance(chain, int) and 1 <= chain <= len(own):
        return own[chain - 1]
    raise ParseError(f"no strand {chain!r} of {kind.upper()} in the file; there are {listed}")


def to_nucleic(strand: Strand, table: AtomTable, name: str, limits: Limits) -> NucleicAcid:
    """Return a strand as a nucleic acid with the base pairs it forms with itself, and a note of every decision.

    Raises
    ------
    LimitError
        More nucleotides than ``limits.residues_per_chain``.
    ParseError
        A residue number occurs twice.
    """
    from biomatrix.entities.nucleic.files.pairs_in_space import pairs_in_space

    found = strand.nucleotides
    limits.check("residues_per_chain", len(found), f"length of strand {strand.chain!r} in nucleotides")
    firsts = [one.rows[0] for one in found]
    numbers = table.number[firsts]
    codes = tuple(str(code) for code in table.insertion[firsts])
    (number, code), count = Counter(zip(numbers.tolist(), codes, strict=True)).most_common(1)[0]
    if count > 1:
        raise ParseError(
            f"residue number {number}{code} occurs {count} times in chain {strand.chain!r}: the file uses one "
            "identifier for several strands, or holds several frames that nothing parts; split it or rename them",
            position=f"{number}{code}",
        )
    kind = strand.kind
    letters = "".join(one.letter for one in found)
    letters = letters.replace("T", "U") if kind == "rna" else letters.replace("U", "T")
    pairs, notes = pairs_in_space(table, found)
    acid = NucleicAcid(
        letters,
        kind,
        1,
        pairs=pairs,
        backbone=np.stack([one.positions for one in found]),
        modified=tuple((place, one.name) for place, one in enumerate(found) if _is_modified(one, kind)),
        chain=strand.chain,
        residue_numbers=numbers.astype(np.int32),
        insertion_codes=codes if any(codes) else None,
        name=name,
    )
    return replace(acid, notes=(*table.notes, *_notes(strand, acid, kind), *notes))


def _is_modified(one: Nucleotide, kind: BaseKind) -> bool:
    other_sugar = one.deoxy is not None and one.deoxy != (kind == "dna")
    return not one.is_plain or other_sugar or one.letter == ("U" if kind == "dna" else "T")


def _notes(strand: Strand, acid: NucleicAcid, kind: BaseKind) -> list[str]:
    found = strand.nucleotides
    assert acid.backbone is not None
    bare = sum("P" not in one.atoms for one in found)
    other = [one.deoxy for one in found if one.deoxy is not None and one.deoxy != (kind == "dna")]
    words = Counter(one.name for one in found if not one.is_plain)
    unnamed = [one.name for one in found if not one.is_plain and one.letter == ANY]
    foreign = sum(one.letter == ("U" if kind == "dna" else "T") for one in found)
    breaks = acid.chain_breaks
    sugar = "2'-deoxyribose" if kind == "rna" else "ribose"
    said = [
        (words, f"modified residues read as their parents: {_listed(words)}"),
        (unnamed, f"no parent of {', '.join(unnamed[:_SHOWN])} is known: N"),
        (bare, f"{bare} nucleotides lack their P"),
        (other, f"{len(other)} nucleotides of the {kind.upper()} have {sugar}"),
        (foreign, f"{foreign} {'U' if kind == 'dna' else 'T'} were read as {'T' if kind == 'dna' else 'U'}"),
        (any(one.altered for one in found), "of alternate locations the best occupied was read"),
        (any(one.renamed for one in found), "atoms of older names (O1P, C4*) were read under today's"),
        (len(breaks), f"the strand is broken before {len(breaks)} nucleotides"),
        (strand.left_out, f"left out of chain {strand.chain!r}: {_listed(strand.left_out)}"),
    ]
    return [sentence for true, sentence in said if true]


def _listed(counts: Counter[str]) -> str:
    shown = ", ".join(f"{count} {name}" for name, count in counts.most_common(_SHOWN))
    return shown + (f" and {len(counts) - _SHOWN} more names" if len(counts) > _SHOWN else "")
