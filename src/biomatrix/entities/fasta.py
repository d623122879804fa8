"""FASTA: records of a header and letters, read once for every kind that has letters; the letters decide the kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.fasta_text import FastaRecord, fasta_texts, refuse_alignments
from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.entities.kind_registry import kind_of, kinds
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.mixed_fasta import declared_entry
from biomatrix.entities.registration import Kind
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

FORMAT: Final = "fasta"
EXTENSIONS: Final = (".fasta", ".fa", ".faa", ".fas")
_SHOWN: Final = 40


def read_fasta(
    path: str | Path, candidates: Sequence[Kind], *, asked: bool = True, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Entity | Reject]:
    """Yield every record as the kind that its header declares or the first that claims its letters, or as a Reject.

    Parameters
    ----------
    path : str or Path
        ``-`` for standard input.
    candidates : sequence of Kind
        The kinds that a record may be of.
    asked : bool
        Whether the caller named the kind: a single candidate then takes every record whose letters it can read, also
        those that it would not claim, such as a gene as a protein.
    limits : Limits
        The sizes past which a record or the file is rejected.
    """
    label = label_of(path)
    count = 0
    try:
        lines = read_lines(path, limits)
        for record in fasta_texts(lines, limits):
            count += 1
            limits.check("records", count, "number of records")
            notes = (*lines.notes(record.first, record.last), *record.notes)
            name = record.header.split(None, 1)[0] if record.header.split() else str(count)
            try:
                entity = _entity(record, name, candidates, asked, limits)
                yield kind_of(entity).noted(entity, notes) if notes else entity
            except BioMatrixError as error:
                yield Reject.from_error(error, label, name)
        if count == 0:
            raise ParseError("the file holds no FASTA record", file=label)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def fasta_records(lines: Iterator[str], limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield the header, without its ``>``, and the letters of each record; see :func:`fasta_texts`."""
    return ((record.header, record.letters) for record in fasta_texts(lines, limits))


def _entity(record: FastaRecord, name: str, candidates: Sequence[Kind], asked: bool, limits: Limits) -> Entity:
    """Return the entity of a record: of the kind that its header declares, else of the one that claims its letters."""
    if not record.letters:
        raise ParseError("the record has a header and no letters")
    entry = declared_entry(record.header, kinds())
    if entry is not None:
        if entry.kind is None:
            raise UnsupportedError(f"the header says the record is {entry.called}, which is not read")
        if asked and entry.kind not in candidates:
            raise UnsupportedError(f"the header says the record is a {entry.kind.name} ({entry.called})")
        return entry.kind.parse(record.letters, entry.name or name, limits=limits)
    if not asked and record.pir_word:
        said = next((one for one in kinds() if record.pir_word in one.record_words), None)
        if said is not None:
            return said.parse(record.letters, name, limits=limits)
    if not any(one.claims(FORMAT, record.letters) for one in candidates):
        refuse_alignments(record.letters)
    return _by_letters(record.letters, name, candidates, asked, limits)


def _by_letters(letters: str, name: str, candidates: Sequence[Kind], asked: bool, limits: Limits) -> Entity:
    for one in candidates:
        if one.claims(FORMAT, letters):
            return _with_doubt(one.parse(letters, name, limits=limits), letters)
    if len(candidates) == 1:
        entity = candidates[0].parse(letters, name, limits=limits)  # its error says which letter is wrong, and where
        if asked:
            return _with_doubt(entity, letters)
    doubts = "; ".join(filter(None, (one.doubt(FORMAT, letters) for one in candidates)))
    raise UnsupportedError(
        f"no kind claims the letters {letters[:_SHOWN]!r}{doubts and f', {doubts}'}; to read them all the same, name "
        f"the kind: {' or '.join(f'--kind {one.name}' for one in candidates)}"
    )


def _with_doubt(entity: Entity, letters: str) -> Entity:
    one = kind_of(entity)
    doubt = one.doubt(FORMAT, letters)
    return one.noted(entity, (f"{doubt}; read as {one.typed_as}",)) if doubt else entity
