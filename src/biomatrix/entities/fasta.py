"""FASTA: records of a header and letters, read once for every kind that has letters; the letters decide the kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files import label_of, read_lines
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.registration import Kind
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

FORMAT: Final = "fasta"
EXTENSIONS: Final = (".fasta", ".fa", ".faa", ".fas")
_SHOWN: Final = 40


def read_fasta(
    path: str | Path, candidates: Sequence[Kind], *, asked: bool = True, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Entity | Reject]:
    """Yield every record as the first of the candidate kinds that claims its letters, or as a Reject.

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
        for header, letters in fasta_records(read_lines(path, limits), limits):
            count += 1
            limits.check("records", count, "number of records")
            name = header.split(None, 1)[0] if header.split() else str(count)
            try:
                yield _entity(letters, name, candidates, asked, limits)
            except BioMatrixError as error:
                yield Reject.from_error(error, label, name)
        if count == 0:
            raise ParseError("the file holds no FASTA record", file=label)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def fasta_records(lines: Iterator[str], limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield the header, without its ``>``, and the letters of each record, cut soon after they pass the limit.

    Raises
    ------
    ParseError
        The first line that is neither empty nor a comment is not a header.
    """
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


def _entity(letters: str, name: str, candidates: Sequence[Kind], asked: bool, limits: Limits) -> Entity:
    for one in candidates:
        if one.claims(FORMAT, letters):
            return one.parse(letters, name, limits=limits)
    if len(candidates) == 1:
        entity = candidates[0].parse(letters, name, limits=limits)  # its error says which letter is wrong, and where
        if asked:
            return entity
    raise UnsupportedError(
        f"no kind claims the letters {letters[:_SHOWN]!r}; to read them all the same name the kind, "
        f"{' or '.join(one.name for one in candidates)}"
    )
