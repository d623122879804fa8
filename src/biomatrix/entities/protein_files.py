"""Proteins in files: every chain of a PDB, mmCIF or BinaryCIF file, every record of a FASTA file; and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from biomatrix.entities.atom_table import AtomTable, read_atom_table
from biomatrix.entities.chains import choose, protein_chains, to_protein
from biomatrix.entities.files import (
    PROTEIN_FORMATS,
    Format,
    format_of,
    label_of,
    read_bytes,
    read_lines,
    write_whole,
)
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.protein import Protein
from biomatrix.entities.protein_binary import bcif_bytes
from biomatrix.entities.protein_text import cif_text, fasta_text, pdb_text
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, LimitError, ParseError

_SHOWN: Final[int] = 8
_TEXTS: Final = {"pdb": pdb_text, "cif": cif_text, "fasta": fasta_text}


def read_protein(
    path: str | Path, chain: str | None = None, *, file_format: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Protein:
    """Return one chain of a file; see ``Protein.from_file``."""
    label = label_of(path)
    kind = format_of(path, PROTEIN_FORMATS, file_format)
    try:
        if kind == "fasta":
            return _fasta_record(path, chain, limits)
        table = read_atom_table(read_bytes(path, limits), kind, limits)
        record, notes = choose(protein_chains(table), chain, table)
        return to_protein(record, table, _title(path), limits, notes)
    except BioMatrixError as error:
        raise error.at(file=label, record=chain) from error.__cause__


def read_proteins(
    path: str | Path, *, file_format: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Protein | Reject]:
    """Yield every protein chain or FASTA record of a file as a Protein, or as a Reject; never raise for bad input.

    Parameters
    ----------
    path : str or Path
        A .pdb, .ent, .cif, .bcif or .fasta file, gzipped or not; ``-`` for standard input.
    file_format : str, optional
        The format, where the name does not tell: "pdb", "cif", "bcif", "fasta".
    limits : Limits
        The sizes past which a record or the file is rejected.
    """
    label = label_of(path)
    try:
        kind = format_of(path, PROTEIN_FORMATS, file_format)
        if kind == "fasta":
            yield from _fasta_proteins(path, limits)
        else:
            yield from _chains(path, kind, limits)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def write_proteins(proteins: Iterable[Protein], path: str | Path) -> int:
    """Write chains as one .pdb, .ent, .cif, .bcif or .fasta file and return how many; nothing is left on failure."""
    kind = format_of(path, PROTEIN_FORMATS)
    chains = list(proteins)
    try:
        content = bcif_bytes(chains) if kind == "bcif" else _TEXTS[kind](chains).encode()
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error.__cause__
    write_whole(path, content)
    return len(chains)


def _title(path: str | Path) -> str:
    name = Path(label_of(path)).name
    return name.removesuffix(".gz").rpartition(".")[0] or name


def _chains(path: str | Path, kind: Format, limits: Limits) -> Iterator[Protein | Reject]:
    label = label_of(path)
    table: AtomTable = read_atom_table(read_bytes(path, limits), kind, limits)
    chains = protein_chains(table)
    if not chains:
        choose(chains, None, table)
    for record in chains:
        try:
            protein = to_protein(record, table, _title(path), limits)
            yield replace(protein, name=f"{protein.name}_{record.chain}" if len(chains) > 1 else protein.name)
        except BioMatrixError as error:
            yield Reject.from_error(error, label, record.chain)


def _fasta_record(path: str | Path, name: str | None, limits: Limits) -> Protein:
    chosen: Protein | Reject | None = None
    names = []
    for found in _fasta_proteins(path, limits):
        record = found.name if isinstance(found, Protein) else str(found.record)
        names.append(record)
        if name is None and chosen is not None:
            raise ParseError(f"the file holds several records: ask for one with chain=, such as {', '.join(names)}")
        if name in (None, record) and chosen is None:
            chosen = found
            if name is not None:
                break
    if chosen is None:
        raise ParseError(f"no record {name!r} in the file; there are {', '.join(names[:_SHOWN]) or 'none'}")
    if isinstance(chosen, Reject):
        error = LimitError if chosen.kind == "LimitError" else ParseError
        raise error(chosen.reason, record=chosen.record, position=chosen.position)
    return chosen


def _fasta_proteins(path: str | Path, limits: Limits) -> Iterator[Protein | Reject]:
    label = label_of(path)
    count = 0
    for header, sequence in _fasta_records(read_lines(path, limits), limits):
        count += 1
        limits.check("records", count, "number of records")
        name = header.split(None, 1)[0] if header.split() else str(count)
        try:
            yield Protein.from_sequence(sequence, name, limits=limits)
        except BioMatrixError as error:
            yield Reject.from_error(error, label, name)
    if count == 0:
        raise ParseError("the file holds no FASTA record", file=label)


def _fasta_records(lines: Iterator[str], limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield header and sequence; of a sequence past the limit only as much as shows that it is."""
    header: str | None = None
    parts: list[str] = []
    length = 0
    for number, line in enumerate(lines, start=1):
        if line.startswith(">"):
            if header is not None:
                yield header, "".join(parts)
            header, parts, length = line[1:], [], 0
        elif line.startswith(";") or not line.strip():
            continue
        elif header is None:
            raise ParseError("a FASTA file starts with a line that starts with >", position=number)
        elif length <= limits.residues_per_chain:
            parts.append(line.strip())
            length += len(parts[-1])
    if header is not None:
        yield header, "".join(parts)
