"""Protein chains from an atom table, by one stated policy; every decision it takes is noted in a sentence.

Author chain and residue numbering; the first model; no chain is ever joined to another; the sequence holds
the residues that have atoms in the file, so that jumps of the numbering add none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from biomatrix.entities.limits import Limits
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.conformers import place_residue
from biomatrix.entities.protein.files.context import Context
from biomatrix.entities.protein.files.membership import is_amino_acid, is_lone_ligand, kind_of, split_ligands
from biomatrix.entities.protein.files.notes import chain_notes, list_counts, residue_notes, section_notes
from biomatrix.entities.protein.files.residue import Residue, residue_rows
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.residues import NUCLEOTIDES, WATERS, letter_of
from biomatrix.errors import ParseError

_BACKBONE: Final = ("N", "CA", "C")
_HOMOSERINE: Final = ("HSE", "OD")
"""A name that is histidine's in force fields, and the atom by which it is homoserine's in the archive."""


@dataclass
class ChainRecord:
    """The residues of one protein chain, and what shares its identifier."""

    chain: str
    label: str
    residues: list[Residue] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def protein_chains(table: AtomTable) -> list[ChainRecord]:
    """Return the protein chains of a table in file order; everything else is counted by name in ``left_out``."""
    chains: dict[tuple[str, str], ChainRecord] = {}
    others: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in residue_rows(table):
        residue = place_residue(table, rows)
        first = rows[0]
        author = str(table.chain[first])
        if is_amino_acid(table, residue):
            key = (author, str(table.label_chain[first]))
            chains.setdefault(key, ChainRecord(*key)).residues.append(residue)
        else:
            others[author][kind_of(table, residue)] += 1
    for record in chains.values():
        record.residues, ligands = split_ligands(table, record.residues)
        others[record.chain].update(f"ligand {residue.name}" for residue in ligands)
    found = [record for record in chains.values() if record.residues]
    found = _without_lone_ligands(table, found, others)
    for record in found:
        record.left_out += others[record.chain]
    return found


def _without_lone_ligands(
    table: AtomTable, chains: list[ChainRecord], others: dict[str, Counter[str]]
) -> list[ChainRecord]:
    """Leave out identifiers of a single amino acid that is a ligand to the chains of the file, and count it there."""
    lone = [one for one in chains if len(one.residues) == 1 and is_lone_ligand(table, one.residues[0])]
    whole = [one for one in chains if not any(one is other for other in lone)]
    if not whole:
        return chains
    for one in lone:
        for beside in {record.chain for record in whole}:
            others[beside][f"ligand {one.residues[0].name} (chain {one.chain!r})"] += 1
    return whole


def choose(chains: list[ChainRecord], chain: str | None, table: AtomTable) -> tuple[ChainRecord, tuple[str, ...]]:
    """Return the chain of an author identifier, else of a label identifier, and a note where the choice needs one.

    Raises
    ------
    ParseError
        No protein chain, several where ``chain`` names none, or none of that name; the message lists what there is.
    """
    if not chains:
        names_by_kind = Counter(_broad_kind(str(name)) for name in np.unique(table.residue))
        raise ParseError(
            f"no protein chain in the file ({list_counts(names_by_kind)} by residue name){_bare(table)}{_read(table)}"
        )
    names = ", ".join(_chain_label(record, chains) for record in chains)
    if chain is None:
        if len(chains) > 1:
            raise ParseError(
                f"the file holds {len(chains)} protein chains: ask for one with --chain (chain= in Python), of {names}"
            )
        return chains[0], ()
    by_author = [record for record in chains if record.chain == chain]
    if len(by_author) == 1:
        return by_author[0], ()
    by_label = [record for record in chains if record.label == chain and record.label]
    if len(by_label) == 1:
        note = f"chain {chain!r} is a label identifier; the author calls it {by_label[0].chain!r}"
        return by_label[0], (note,) if by_label[0].chain != chain else ()
    if by_author:
        raise ParseError(f"author chain {chain!r} is several chains: ask by label, one of {names}")
    raise ParseError(f"no protein chain {chain!r} in the file; there are {names}{_read(table)}")


def _bare(table: AtomTable) -> str:
    """Return what to say of a file with no atom of a backbone, such as that of a coarse-grained simulation."""
    none = not np.isin(table.atom, _BACKBONE).any()
    return "; no atom is called N, CA or C: is it coarse-grained, or of another naming?" if none else ""


def to_protein(
    record: ChainRecord,
    table: AtomTable,
    name: str,
    limits: Limits,
    notes: tuple[str, ...] = (),
    *,
    context: bool = False,
) -> Protein:
    """Return the chain as a Protein with a note of every decision; with ``context``, also the atoms it was read from.

    Raises
    ------
    LimitError
        More residues than ``limits.residues_per_chain``.
    ParseError
        A residue number occurs twice.
    """
    limits.check("residues_per_chain", len(record.residues), f"length of chain {record.chain!r} in residues")
    firsts = np.asarray([residue.rows[0] for residue in record.residues])
    insertion = tuple(str(code) for code in table.insertion[firsts])
    numbers = table.number[firsts]
    places = list(zip(numbers.tolist(), insertion, strict=True))
    repeated = [place for place, count in Counter(places).items() if count > 1]
    if repeated:
        number, code = repeated[0]
        raise ParseError(
            f"residue number {number}{code} occurs twice in chain {record.chain!r}: "
            "the file uses one chain identifier for several chains, or holds several frames that nothing parts; "
            "split it or rename them",
            position=f"{number}{code}",
        )
    letters = [_letter(table, residue) for residue in record.residues]
    protein = Protein(
        sequence="".join(letters),
        backbone=np.stack([residue.positions for residue in record.residues]),
        name=name,
        chain=record.chain,
        residue_numbers=numbers.astype(np.int32),
        insertion_codes=insertion,
    )
    left_out = f"left out of chain {record.chain!r}: {list_counts(record.left_out)}"
    all_notes = (
        *notes,
        *table.notes,
        *residue_notes(record.residues),
        *([left_out] if record.left_out else []),
        *section_notes(table, record.residues),
        *chain_notes(protein),
    )
    return replace(protein, notes=all_notes, context=_context(record, table) if context else None)


def _letter(table: AtomTable, residue: Residue) -> str:
    name, atom = _HOMOSERINE
    if residue.name == name and atom in table.atom[residue.rows]:
        return "S"
    return letter_of(residue.name) or "X"


def _context(record: ChainRecord, table: AtomTable) -> Context:
    sizes = [len(residue.rows) for residue in record.residues]
    rows = np.array([row for residue in record.residues for row in residue.rows], dtype=np.int64)
    return Context(table, rows, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def _broad_kind(name: str) -> str:
    if name in WATERS:
        return "water"
    if name in NUCLEOTIDES:
        return "nucleotide"
    return "amino acid" if letter_of(name) else "other"


def _read(table: AtomTable) -> str:
    """Say which part of the file was looked at, where it was not all of it."""
    return f" (read was {'; '.join(table.notes)})" if table.notes else ""


def _chain_label(record: ChainRecord, chains: list[ChainRecord]) -> str:
    shared = sum(other.chain == record.chain for other in chains) > 1
    label = f" (label {record.label!r})" if shared and record.label else ""
    return f"{record.chain!r}{label} with {len(record.residues)} residues"
