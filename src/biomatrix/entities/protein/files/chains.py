"""Protein chains from an atom table, by one stated policy; every decision it takes is noted in a sentence.

Author chain and residue numbering; the first model; no chain is ever joined to another; the sequence holds
the residues that have atoms in the file, so that jumps of the numbering add none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.entities.limits import Limits
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.atom_table import AtomTable
from biomatrix.entities.protein.files.context import Context
from biomatrix.entities.protein.residues import NAMED, NUCLEOTIDES, PARENT, STANDARD, WATERS, letter_of
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKBONE: Final[tuple[str, str, str]] = ("N", "CA", "C")
_SHOWN: Final[int] = 8
_LONGEST_PEPTIDE_BOND: Final[float] = 2.0


@dataclass
class _Residue:
    """Rows of the table with one place in a chain."""

    rows: list[int]
    name: str = ""
    names: tuple[str, ...] = ()
    alternates: bool = False
    positions: NDArray[np.float32] = field(default_factory=lambda: np.full((3, 3), np.nan, dtype=np.float32))


@dataclass
class ChainRecord:
    """The residues of one protein chain, and what shares its identifier."""

    chain: str
    label: str
    residues: list[_Residue] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def protein_chains(table: AtomTable) -> list[ChainRecord]:
    """Return the protein chains of a table in file order; everything else is counted by name in ``left_out``."""
    chains: dict[tuple[str, str], ChainRecord] = {}
    others: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in _residue_rows(table):
        residue = _residue(table, rows)
        first = rows[0]
        author = str(table.chain[first])
        if _is_amino_acid(table, residue):
            key = (author, str(table.label_chain[first]))
            chains.setdefault(key, ChainRecord(*key)).residues.append(residue)
        else:
            others[author][_kind(table, residue)] += 1
    for (author, _), record in list(chains.items()):
        _drop_unbound_hetero(table, record)
        record.left_out += others.get(author, Counter())
    return [record for record in chains.values() if record.residues]


def choose(chains: list[ChainRecord], chain: str | None, table: AtomTable) -> tuple[ChainRecord, tuple[str, ...]]:
    """Return the chain of an author identifier, else of a label identifier, and a note where the choice needs one.

    Raises
    ------
    ParseError
        No protein chain, several where ``chain`` names none, or none of that name; the message lists what there is.
    """
    if not chains:
        names_by_kind = Counter(_broad_kind(str(name)) for name in np.unique(table.residue))
        raise ParseError(f"no protein chain in the file ({_list_counts(names_by_kind)} by residue name)")
    names = ", ".join(_chain_label(record, chains) for record in chains)
    if chain is None:
        if len(chains) > 1:
            raise ParseError(f"the file holds {len(chains)} protein chains: name one as the chain, of {names}")
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
    raise ParseError(f"no protein chain {chain!r} in the file; there are {names}")


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
            "the file uses one chain identifier for several chains; split it or rename them",
            position=f"{number}{code}",
        )
    letters = [letter_of(residue.name) or "X" for residue in record.residues]
    protein = Protein(
        sequence="".join(letters),
        backbone=np.stack([residue.positions for residue in record.residues]),
        name=name,
        chain=record.chain,
        residue_numbers=numbers.astype(np.int32),
        insertion_codes=insertion,
    )
    all_notes = (*notes, *_model_notes(table), *_residue_notes(record), *_chain_notes(protein, record))
    return replace(protein, notes=all_notes, context=_context(record, table) if context else None)


def _context(record: ChainRecord, table: AtomTable) -> Context:
    sizes = [len(residue.rows) for residue in record.residues]
    rows = np.array([row for residue in record.residues for row in residue.rows], dtype=np.int64)
    return Context(table, rows, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def _residue_rows(table: AtomTable) -> list[list[int]]:
    """Group the rows by place; a place met again later is the same residue only where alternates say so."""
    keys = list(
        zip(
            table.chain.tolist(),
            table.label_chain.tolist(),
            table.number.tolist(),
            table.insertion.tolist(),
            strict=True,
        )
    )
    groups: list[list[int]] = []
    seen: dict[tuple[str, str, int, str], int] = {}
    previous: tuple[str, str, int, str] | None = None
    for row, key in enumerate(keys):
        if key == previous:
            groups[seen[key]].append(row)
            continue
        previous = key
        earlier = seen.get(key)
        if earlier is not None and (table.alternate[row] or _continues(table, groups[earlier], row)):
            groups[earlier].append(row)
            continue
        seen[key] = len(groups)
        groups.append([row])
    return groups


def _continues(table: AtomTable, rows: list[int], row: int) -> bool:
    """Whether a row adds an atom to a residue listed earlier (hydrogens at the end of the file, say)."""
    held = {str(table.atom[index]) for index in rows}
    return str(table.residue[rows[0]]) == str(table.residue[row]) and str(table.atom[row]) not in held


def _residue(table: AtomTable, rows: list[int]) -> _Residue:
    """Choose the conformer of a residue and place its backbone."""
    names = tuple(dict.fromkeys(table.residue[rows].tolist()))
    alternates = tuple(dict.fromkeys(table.alternate[rows].tolist()))
    residue = _Residue(rows, names[0], names, any(alternates) and len(alternates) > 1)
    chosen = alternates[0]
    if len(alternates) > 1 or len(names) > 1:
        residue.name, chosen = _best_conformer(table, rows)
    for place, atom in enumerate(BACKBONE):
        candidates = [row for row in rows if table.atom[row] == atom and table.residue[row] == residue.name]
        if candidates:
            # The chosen conformer, else the part all conformers share, else the best occupied of the others.
            best = min(
                candidates,
                key=lambda row: (
                    table.alternate[row] != chosen,
                    table.alternate[row] != "",
                    -float(table.occupancy[row]),
                    str(table.alternate[row]),
                    row,
                ),
            )
            xyz = table.coordinates[best]
            if np.isfinite(xyz).all():
                residue.positions[place] = xyz
    return residue


def _best_conformer(table: AtomTable, rows: list[int]) -> tuple[str, str]:
    """Return name and alternate identifier of the conformer with the highest occupancy.

    The occupancy is that of CA, else the mean of the conformer; a tie goes to the first identifier in the alphabet.
    """
    occupancies: dict[tuple[str, str], list[float]] = defaultdict(list)
    alphas: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (str(table.residue[row]), str(table.alternate[row]))
        occupancies[key].append(float(table.occupancy[row]))
        if table.atom[row] == "CA":
            alphas.setdefault(key, float(table.occupancy[row]))
    # Atoms shared by all conformers carry no identifier and must not win the choice by their occupancy of 1.
    several = {key for key in occupancies if key[1]}
    pool = several or set(occupancies)
    if several and not any(key in alphas for key in several):
        shared = [key for key in alphas if not key[1]]
        pool = several if not shared else {key for key in several if key[0] == shared[0][0]} or several
    elif several:
        pool = {key for key in occupancies if key in alphas}
    scored = {key: alphas.get(key, sum(occupancies[key]) / len(occupancies[key])) for key in pool}
    return min(pool, key=lambda key: (-scored[key], key[1], key[0]))


def _is_amino_acid(table: AtomTable, residue: _Residue) -> bool:
    rows = residue.rows
    state = int(table.polymer[rows[0]])
    if state == 0 or residue.name in NUCLEOTIDES or residue.name in WATERS:
        return False
    atoms = set(table.atom[rows].tolist())
    if not atoms & set(BACKBONE):
        return False
    if letter_of(residue.name) is not None:
        return True
    # A residue no table knows is an amino acid by its atoms: the whole backbone, or CA in a trace of CA alone.
    return set(BACKBONE) <= atoms or (state == 1 and not table.hetero[rows[0]] and atoms == {"CA"})


def _drop_unbound_hetero(table: AtomTable, record: ChainRecord) -> None:
    """Leave out HETATM amino acids that the file does not place in a polymer and no peptide bond joins to the chain."""
    residues = record.residues
    if len(residues) == 1:
        return
    kept = []
    for index, residue in enumerate(residues):
        doubtful = table.polymer[residue.rows[0]] < 0
        neighbours = ((index - 1, index), (index, index + 1))
        joined = any(
            before >= 0 and after < len(residues) and _are_joined(residues[before], residues[after])
            for before, after in neighbours
        )
        if doubtful and not joined:
            record.left_out["ligand " + residue.name] += 1
        else:
            kept.append(residue)
    record.residues = kept


def _are_joined(before: _Residue, after: _Residue) -> bool:
    return bool(np.linalg.norm(before.positions[2] - after.positions[0]) < _LONGEST_PEPTIDE_BOND)


def _kind(table: AtomTable, residue: _Residue) -> str:
    atoms = set(table.atom[residue.rows].tolist())
    if residue.name in WATERS:
        return "water"
    sugar = {"C1'", "C3'"} <= atoms or {"C1*", "C3*"} <= atoms
    if residue.name in NUCLEOTIDES or (sugar and table.polymer[residue.rows[0]] != 0):
        return "nucleotide"
    if residue.name in STANDARD and not atoms & set(BACKBONE):
        return "residue without backbone atoms " + residue.name
    return "ligand " + residue.name


def _broad_kind(name: str) -> str:
    if name in WATERS:
        return "water"
    if name in NUCLEOTIDES:
        return "nucleotide"
    return "amino acid" if letter_of(name) else "other"


def _list_counts(counts: Counter[str]) -> str:
    shown = [f"{count} {what}" for what, count in sorted(counts.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(counts) - _SHOWN} more kinds" if len(counts) > _SHOWN else "")


def _chain_label(record: ChainRecord, chains: list[ChainRecord]) -> str:
    shared = sum(other.chain == record.chain for other in chains) > 1
    label = f" (label {record.label!r})" if shared and record.label else ""
    return f"{record.chain!r}{label} with {len(record.residues)} residues"


def _model_notes(table: AtomTable) -> list[str]:
    return [f"the first of {table.num_models} models"] if table.num_models > 1 else []


def _residue_notes(record: ChainRecord) -> list[str]:
    notes = []
    residues = record.residues
    alternates = sum(residue.alternates for residue in residues)
    if alternates:
        notes.append(f"alternate locations in {alternates} residues: the one with the highest occupancy kept")
    mixed = [f"{'/'.join(residue.names)} as {residue.name}" for residue in residues if len(residue.names) > 1]
    if mixed:
        notes.append(f"several residues at one place, the best occupied kept: {', '.join(mixed[:_SHOWN])}")
    names = Counter(residue.name for residue in residues)
    modified = [f"{name} to {PARENT[name]} ({count})" for name, count in sorted(names.items()) if name in PARENT]
    if modified:
        notes.append(f"modified residues read as their parents: {', '.join(modified)}")
    known = set(STANDARD) | set(PARENT) | set(NAMED)
    unknown = [f"{name} ({count})" for name, count in sorted(names.items()) if name not in known]
    if unknown:
        notes.append(f"residues without a known parent read as X: {', '.join(unknown)}")
    if record.left_out:
        notes.append(f"left out of chain {record.chain!r}: {_list_counts(record.left_out)}")
    return notes


def _chain_notes(protein: Protein, record: ChainRecord) -> list[str]:
    notes = []
    missing = int((~protein.resolved).sum())
    if missing:
        notes.append(f"{missing} residues lack backbone atoms, which are NaN")
    if protein.insertion_codes and any(protein.insertion_codes):
        notes.append(f"insertion codes on {sum(map(bool, protein.insertion_codes))} residues")
    breaks = protein.chain_breaks
    if breaks.size:
        notes.append(f"{breaks.size} chain breaks (no residues put in), before {_places(protein, breaks)}")
    if protein.residue_numbers is not None and len(protein) > 1:
        jumps = np.flatnonzero(~np.isin(np.diff(protein.residue_numbers), (0, 1))) + 1
        only_numbering = np.setdiff1d(jumps, breaks)
        intact = only_numbering[protein.resolved[only_numbering] & protein.resolved[only_numbering - 1]]
        if intact.size:
            notes.append(f"the numbering jumps without a gap before {_places(protein, intact)}")
    return notes


def _places(protein: Protein, indices: NDArray[np.int64]) -> str:
    numbers = protein.numbers
    shown = ", ".join(numbers[index] for index in indices[:_SHOWN].tolist())
    return shown + (" and more" if len(indices) > _SHOWN else "")
