"""Proteins in files: every chain of a PDB, mmCIF or BinaryCIF file, every record of a FASTA file; and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from biomatrix.entities.fasta import FORMAT as FASTA
from biomatrix.entities.fasta import read_fasta
from biomatrix.entities.files.opening import is_nameless
from biomatrix.entities.files.reading import label_of, read_bytes
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.formats import format_of
from biomatrix.entities.kind_registry import kind
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.files.binary import bcif_bytes
from biomatrix.entities.protein.files.chains import ChainRecord, choose, protein_chains, to_protein
from biomatrix.entities.protein.files.mmcif import cif_text
from biomatrix.entities.protein.files.pdb import pdb_text
from biomatrix.entities.protein.files.text import fasta_text
from biomatrix.entities.rejects import Reject
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.reading import read_atom_table
from biomatrix.errors import BioMatrixError

_TEXTS: Final = {"pdb": pdb_text, "cif": cif_text, FASTA: fasta_text}


def read_chain(
    path: str | Path,
    chain: int | str | None = None,
    *,
    file_format: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    context: bool = False,
) -> Protein:
    """Return one chain of a structure file; see ``Protein.from_file``, also for the errors raised.

    A number that is no chain's name counts the protein chains from 1.
    """
    label = label_of(path)
    try:
        format_name = format_of(path, file_format, [kind("protein")])
        table = read_atom_table(read_bytes(path, limits), format_name, limits)
        record, notes = _chosen(protein_chains(table), chain, table)
        return to_protein(record, table, _title(path), limits, notes, context=context)
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
        format_name = format_of(path, file_format, [kind("protein")])
        if format_name == FASTA:
            for record in read_fasta(path, [kind("protein")], limits=limits):
                assert isinstance(record, Protein | Reject)
                yield record
        else:
            yield from _chains(path, format_name, limits)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def write_proteins(proteins: Iterable[Protein], path: str | Path, file_format: str | None = None) -> int:
    """Write chains as one .pdb, .ent, .cif, .bcif or .fasta file and return how many; nothing is left on failure.

    Raises
    ------
    UnsupportedError
        No chain, two of one identifier, a chain without a structure, or a value that a PDB file cannot hold.
    """
    format_name = format_of(path, file_format, [kind("protein")])
    chains = list(proteins)
    try:
        content = bcif_bytes(chains) if format_name == "bcif" else _TEXTS[format_name](chains).encode()
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error.__cause__
    write_whole(path, content)
    return len(chains)


def _chosen(
    chains: list[ChainRecord], chain: int | str | None, table: AtomTable
) -> tuple[ChainRecord, tuple[str, ...]]:
    """Return the chain of that name, else of that number, and the notes of the choice; see :func:`choose`."""
    name = None if chain is None else str(chain)
    named = any(name in (record.chain, record.label) for record in chains)
    if isinstance(chain, int) and not named and 1 <= chain <= len(chains):
        return chains[chain - 1], ()
    return choose(chains, name, table)


def _title(path: str | Path) -> str:
    if is_nameless(path):
        return ""
    name = Path(path).name
    return without_packing(name).rpartition(".")[0] or name


def _chains(path: str | Path, file_format: str, limits: Limits) -> Iterator[Protein | Reject]:
    label = label_of(path)
    table: AtomTable = read_atom_table(read_bytes(path, limits), file_format, limits)
    chains = protein_chains(table)
    if not chains:
        choose(chains, None, table)
    for record in chains:
        try:
            protein = to_protein(record, table, _title(path), limits)
            named = [part for part in (protein.name, record.chain) if part]
            yield replace(protein, name="_".join(named)) if len(chains) > 1 else protein
        except BioMatrixError as error:
            yield Reject.from_error(error, label, record.chain)
