"""Nucleic acids in files: every record of a FASTA, GenBank or pair file, every strand of a structure file; and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.fasta import FORMAT as FASTA
from biomatrix.entities.fasta import read_fasta
from biomatrix.entities.files.opening import is_nameless
from biomatrix.entities.files.reading import label_of, read_bytes, read_lines
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.nucleic.bases import BaseKind
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.files.genbank import genbank_kind, genbank_records, genbank_text
from biomatrix.entities.nucleic.files.genbank import to_nucleic as of_genbank
from biomatrix.entities.nucleic.files.pair_files import READERS, WRITERS
from biomatrix.entities.nucleic.files.strands import choose_strand, strands_of, to_nucleic
from biomatrix.entities.nucleic.files.structure_text import cif_text, pdb_text
from biomatrix.entities.nucleic.letters import written_letters
from biomatrix.entities.rejects import Reject
from biomatrix.entities.structure_files.reading import read_atom_table
from biomatrix.entities.title_lines import title_line
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

STRUCTURES: Final = ("pdb", "cif", "bcif")
_TEXTS: Final[dict[str, Callable[[Sequence[NucleicAcid]], str]]] = {"pdb": pdb_text, "cif": cif_text}
_LINE: Final = 60


def read_nucleic(
    path: str | Path, kind: BaseKind, file_format: str, limits: Limits = DEFAULT_LIMITS
) -> Iterator[NucleicAcid | Reject]:
    """Yield every record of a file that is of a kind, or a Reject; never raise for bad input."""
    label = label_of(path)
    try:
        if file_format == FASTA:
            for entry in read_fasta(path, [kind_named(kind)], limits=limits):
                assert isinstance(entry, NucleicAcid | Reject)
                yield entry
        elif file_format in STRUCTURES:
            yield from _strands(path, kind, file_format, limits)
        elif file_format == "genbank":
            yield from _genbank(path, kind, limits)
        else:
            yield from _with_pairs(path, file_format, limits)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def read_strand(
    path: str | Path, kind: BaseKind, file_format: str, chain: int | str | None, limits: Limits
) -> NucleicAcid:
    """Return one strand of a structure file: by its identifier, or by its number from 1 among those of the kind."""
    try:
        table = read_atom_table(read_bytes(path, limits), file_format, limits)
        return to_nucleic(choose_strand(strands_of(table), chain, kind, table), table, _title(path), limits)
    except BioMatrixError as error:
        raise error.at(file=label_of(path), record=chain) from error.__cause__


def write_nucleic(entities: Sequence[NucleicAcid], path: str | Path, file_format: str) -> None:
    """Write nucleic acids as one file, whole or not at all.

    Raises
    ------
    UnsupportedError
        The format needs what one of them does not have, or is not written.
    """
    if file_format in _TEXTS:
        content = _TEXTS[file_format](entities)
    elif file_format in STRUCTURES:
        raise UnsupportedError("strands are not written as .bcif; write .cif")
    else:
        if file_format == "bpseq" and len(entities) > 1:
            raise UnsupportedError("a .bpseq file holds one sequence; write .dbn or .ct")
        content = "".join(record_text(entity, file_format) for entity in entities)
    write_whole(path, content.encode())


def record_text(entity: NucleicAcid, file_format: str) -> str:
    """Return one record of a format whose files are records one after another."""
    if file_format == FASTA:
        letters = written_letters(entity)
        rows = [letters[start : start + _LINE] for start in range(0, len(letters), _LINE)]
        return f">{title_line(entity.name) or title_line(entity.chain)}\n" + "\n".join(rows) + "\n"
    if file_format == "genbank":
        return genbank_text(entity)
    if file_format in WRITERS:
        return WRITERS[file_format](entity)
    raise UnsupportedError(f"nucleic acids are not written as records of a {file_format} file")


def _strands(path: str | Path, kind: BaseKind, file_format: str, limits: Limits) -> Iterator[NucleicAcid | Reject]:
    label = label_of(path)
    table = read_atom_table(read_bytes(path, limits), file_format, limits)
    strands = strands_of(table)
    own = [one for one in strands if one.kind == kind]
    if not own:
        choose_strand(strands, None, kind, table)  # its error says what there is
    for one in own:
        try:
            acid = to_nucleic(one, table, _title(path), limits)
            named = "_".join(part for part in (acid.name, one.chain) if part)
            yield replace(acid, name=named) if len(strands) > 1 else acid
        except BioMatrixError as error:
            yield Reject.from_error(error, label, one.chain)


def _genbank(path: str | Path, kind: BaseKind, limits: Limits) -> Iterator[NucleicAcid | Reject]:
    """Yield the records of a GenBank file that are of a kind; those of the other are not this kind's."""
    label, others, count = label_of(path), 0, 0
    for record in genbank_records(read_lines(path, limits), limits):
        count += 1
        if genbank_kind(record) not in (kind, None):
            others += 1
            continue
        try:
            yield of_genbank(record, limits)
        except BioMatrixError as error:
            yield Reject.from_error(error, label, count)
    if not count:
        raise ParseError("the file holds no record")
    if count == others:
        other = "RNA" if kind == "dna" else "DNA"
        raise ParseError(f"the file holds {others} records of {other} and none of {kind.upper()}")


def _with_pairs(path: str | Path, file_format: str, limits: Limits) -> Iterator[NucleicAcid | Reject]:
    label, count = label_of(path), 0
    records, read = READERS[file_format]
    lines: Any = read_lines(path, limits)
    for record in records(lines, limits):
        count += 1
        try:
            yield read(record, limits)
        except BioMatrixError as error:
            yield Reject.from_error(error, label, record.name or count)
    if count == 0:
        raise ParseError("the file holds no record")


def _title(path: str | Path) -> str:
    if is_nameless(path):
        return ""
    name = Path(path).name
    return without_packing(name).rpartition(".")[0] or name
