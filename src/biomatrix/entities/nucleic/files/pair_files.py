"""Files of sequences with base pairs: dot-bracket ("Vienna"), CT and BPSEQ, read one record at a time and written.

Policy: unbalanced brackets, a structure of another length than its sequence, and a base in two pairs are refused with
their places; pairs of bases that do not usually pair are kept, and counted in a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from biomatrix.entities.limits import Limits
from biomatrix.entities.nucleic.bases import DNA_LETTERS, RNA_LETTERS
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.files.brackets import brackets_of
from biomatrix.entities.nucleic.files.digits import count_of
from biomatrix.entities.nucleic.letters import read_letters, written_letters
from biomatrix.entities.nucleic.pairing import odd_pairs, tight_pairs
from biomatrix.entities.nucleic.thresholds import HAIRPIN
from biomatrix.entities.title_lines import title_line
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix.metrics.nucleic.dot_bracket import pairs_of

_ENERGY: Final = re.compile(r"\(\s*[-+]?\d.*\)|[-+]?\d+(\.\d+)?")
"""What folding programs write behind a structure: its energy."""


@dataclass
class PairRecord:
    """One record as text: its name, its lines, and the number of the first."""

    name: str
    lines: list[str]
    first: int


def dot_bracket_records(lines: Iterable[str], limits: Limits) -> Iterator[PairRecord]:
    """Yield the records of a dot-bracket file: a header ``>name`` (or none), a sequence, a structure."""
    record: PairRecord | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith(">"):
            if record is not None:
                yield record
            record = PairRecord(text[1:].strip(), [], number)
        elif text and not text.startswith((";", "#")):
            if record is None or (len(record.lines) == 2 and _is_letters(text)):
                if record is not None:
                    yield record
                record = PairRecord("", [], number)
            limits.check("bases_per_sequence", len(text), "length of the sequence in bases")
            record.lines.append(text)
    if record is not None:
        yield record


def _is_letters(text: str) -> bool:
    return text.isalpha() and set(text.upper()) <= set(DNA_LETTERS + RNA_LETTERS)


def of_dot_bracket(record: PairRecord, limits: Limits) -> NucleicAcid:
    """Return a record; one without a structure has no pairs that are known. Raises ParseError where it is broken."""
    if not 1 <= len(record.lines) <= 2:
        raise ParseError(
            f"a record is a sequence and a structure, each on one line, not {len(record.lines)} lines",
            position=record.first,
        )
    acid = read_letters(NucleicAcid, record.lines[0], "rna", record.name, limits)
    if len(record.lines) == 1:
        return acid
    structure, *behind = record.lines[1].split(None, 1)
    if behind and not _ENERGY.fullmatch(behind[0]):
        structure = record.lines[1]
    if len(structure) != len(acid):
        raise ParseError(f"the structure has {len(structure)} places, the sequence {len(acid)}", position=record.first)
    return _with_pairs(acid, pairs_of(structure))


def ct_records(lines: Iterable[str], limits: Limits) -> Iterator[PairRecord]:
    """Yield the records of a CT file: a line that begins with the length, then a line for each base."""
    record: PairRecord | None = None
    left = 0
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if left == 0:
            if record is not None:
                yield record
            head = text.split(None, 1)
            left = count_of(head[0]) or 0
            if not left:
                raise ParseError("a CT record begins with its number of bases", position=number)
            limits.check("bases_per_sequence", left, "length of the sequence in bases")
            name = re.sub(r"^(ENERGY|dG)\s*=\s*\S+\s*(kcal/mol)?\s*", "", head[1] if len(head) > 1 else "")
            record = PairRecord(name.strip(), [], number)
        else:
            assert record is not None
            record.lines.append(text)
            left -= 1
    if left and record is not None:
        raise ParseError(f"the file ends {left} bases before its record does: get it anew", record=record.name or None)
    if record is not None:
        yield record


def of_ct(record: PairRecord, limits: Limits) -> NucleicAcid:
    """Return a record of a CT file: index, base, two neighbours, partner, number. Raises ParseError where broken."""
    return _of_table(record, 4, limits)


def bpseq_records(lines: Iterable[str], limits: Limits) -> Iterator[PairRecord]:
    """Yield the one record of a BPSEQ file: a line for each base; the name from a comment ``# name``."""
    record = PairRecord("", [], 1)
    for line in lines:
        text = line.strip()
        if text.startswith("#"):
            record.name = record.name or text[1:].strip()
        elif text[:1].isdecimal():
            record.lines.append(text)
            limits.check("bases_per_sequence", len(record.lines), "length of the sequence in bases")
        elif text and record.lines:
            raise ParseError(f"a line of a BPSEQ file is an index, a base and its partner, not {text[:40]!r}")
    if not record.lines:
        raise ParseError("the file holds no bases")
    yield record


def of_bpseq(record: PairRecord, limits: Limits) -> NucleicAcid:
    """Return the record of a BPSEQ file: index, base, partner, 0 for none. Raises ParseError where it is broken."""
    return _of_table(record, 2, limits)


def _of_table(record: PairRecord, column: int, limits: Limits) -> NucleicAcid:
    """Return a record with a line for each base, whose partner stands in a column."""
    letters: list[str] = []
    partners: list[int] = []
    for index, line in enumerate(record.lines, start=1):
        words = line.split()
        partner = count_of(words[column]) if len(words) > column else None
        if partner is None or len(words[1]) != 1 or not words[0].isdecimal():
            raise ParseError(f"no line of a base: {line[:60]!r}", position=index)
        if count_of(words[0]) != index:
            raise ParseError(f"base {words[0][:40]} stands where base {index} should", position=index)
        letters.append(words[1])
        partners.append(partner)
    for index, partner in enumerate(partners, start=1):
        if partner > len(partners) or partner == index:
            raise ParseError(f"base {index} pairs with {partner}, of {len(partners)} bases", position=index)
        if partner and partners[partner - 1] != index:
            raise ParseError(
                f"base {index} pairs with {partner}, and {partner} with {partners[partner - 1]}", position=index
            )
    acid = read_letters(NucleicAcid, "".join(letters), "rna", record.name, limits)
    pairs = ((index, partner - 1) for index, partner in enumerate(partners) if partner > index + 1)
    return _with_pairs(acid, tuple(pairs))


def _with_pairs(acid: NucleicAcid, pairs: tuple[tuple[int, int], ...]) -> NucleicAcid:
    odd, tight = len(odd_pairs(pairs, acid.sequence)), len(tight_pairs(pairs))
    notes = [f"{odd} pairs of bases that do not usually pair"] if odd else []
    notes += [f"{tight} pairs that leave fewer than {HAIRPIN} bases between them"] if tight else []
    return replace(acid, pairs=pairs, notes=(*acid.notes, *notes))


def dot_bracket_text(entity: NucleicAcid) -> str:
    """Return one record: name, sequence, structure. Raises UnsupportedError without pairs."""
    structure = brackets_of(_pairs(entity), len(entity))
    return f">{_title(entity)}\n{written_letters(entity)}\n{structure}\n"


def ct_text(entity: NucleicAcid) -> str:
    """Return one record of a CT file. Raises UnsupportedError without pairs."""
    partner = _partners(entity)
    count = len(entity)
    rows = [
        f"{at:>6} {letter} {at - 1:>6} {(at + 1) % (count + 1):>6} {partner[at - 1]:>6} {at:>6}"
        for at, letter in enumerate(written_letters(entity), start=1)
    ]
    return "\n".join([f"{count:>6} {_title(entity)}", *rows]) + "\n"


def bpseq_text(entity: NucleicAcid) -> str:
    """Return a BPSEQ file. Raises UnsupportedError without pairs."""
    partner = _partners(entity)
    rows = [f"{at} {letter} {partner[at - 1]}" for at, letter in enumerate(written_letters(entity), start=1)]
    return "\n".join([f"# {_title(entity)}", *rows]) + "\n"


def _title(entity: NucleicAcid) -> str:
    return title_line(entity.name) or title_line(entity.chain)


def _pairs(entity: NucleicAcid) -> tuple[tuple[int, int], ...]:
    if entity.pairs is None:
        raise UnsupportedError("its base pairs are not known; write its sequence as .fasta")
    return entity.pairs


def _partners(entity: NucleicAcid) -> list[int]:
    partners = [0] * len(entity)
    for one, two in _pairs(entity):
        partners[one], partners[two] = two + 1, one + 1
    return partners


Reader = tuple[Callable[[Iterable[str], Limits], Iterator[PairRecord]], Callable[[PairRecord, Limits], NucleicAcid]]
READERS: Final[dict[str, Reader]] = {
    "dbn": (dot_bracket_records, of_dot_bracket),
    "ct": (ct_records, of_ct),
    "bpseq": (bpseq_records, of_bpseq),
}
WRITERS: Final[dict[str, Callable[[NucleicAcid], str]]] = {
    "dbn": dot_bracket_text,
    "ct": ct_text,
    "bpseq": bpseq_text,
}
