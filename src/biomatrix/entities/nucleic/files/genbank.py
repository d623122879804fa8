"""GenBank flat files: records read one at a time with all their features, and written.

Policy: ``codon_start`` becomes the phase and ``transl_table`` the genetic code; repeated qualifiers are joined by line
ends; a feature whose location lies elsewhere or is not known exactly is left out and counted in a note; a base of the
other alphabet is read as this one's, as databases write RNA with T.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from biomatrix.entities.limits import Limits
from biomatrix.entities.nucleic.bases import BaseKind, as_dna, as_rna
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import CDS, Feature
from biomatrix.entities.nucleic.files.digits import count_of
from biomatrix.entities.nucleic.files.locations import read_location, written_location
from biomatrix.entities.nucleic.letters import read_letters
from biomatrix.entities.title_lines import title_line
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

_KEY: Final = re.compile(r" {5}(\S+) +(\S.*)$")
_QUALIFIER: Final = re.compile(r"/([\w-]+)(?:=(.*))?$", re.DOTALL)
_UNQUOTED: Final = ("codon_start", "transl_table", "transl_except", "anticodon", "number", "direction", "rpt_type")
_JOINED_WITHOUT_SPACE: Final = ("translation",)
_LONE_SPACE: Final = re.compile(r"(?<! ) (?! )")
_WIDTH: Final = 80
_INDENT: Final = 21


@dataclass
class GenBankRecord:
    """The lines of one record, by what they are."""

    first: int
    locus: str = ""
    definition: str = ""
    version: str = ""
    features: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    length: int = 0


def genbank_records(lines: Iterable[str], limits: Limits) -> Iterator[GenBankRecord]:
    """Yield the records of a file; letters past the limit are not kept.

    Raises
    ------
    ParseError
        The file begins as no GenBank file does, or ends inside a record.
    """
    record: GenBankRecord | None = None
    part = ""
    for number, line in enumerate(lines, start=1):
        if record is None:
            if line.startswith("LOCUS"):
                record, part = GenBankRecord(number, line), "LOCUS"
            elif line.strip() and not line.startswith(("GB", " ", "\t")):
                raise ParseError("a GenBank record begins with a line LOCUS", position=number)
        elif line.startswith("//"):
            yield record
            record = None
        elif line[:1].strip():
            part = line.split(None, 1)[0]
            if part == "DEFINITION":
                record.definition = line[12:].strip()
            elif part in ("VERSION", "ACCESSION"):
                record.version = [*line.split(), ""][1] or record.version
            elif part == "LOCUS":
                raise ParseError("a record begins before // ends the one before", position=number)
        elif part == "FEATURES":
            record.features.append(line.rstrip("\r\n"))
        elif part == "ORIGIN" and record.length <= limits.bases_per_sequence:
            record.letters.append("".join(line.split()[1:]))
            record.length += len(record.letters[-1])
    if record is not None:
        raise ParseError("the file ends inside a record, before //: get it anew", record=_name(record))


def genbank_kind(record: GenBankRecord) -> BaseKind | None:
    """Return what the LOCUS line says the record is: ``dna``, ``rna``, or None for a protein or nothing."""
    unit, *words = _after_length(record)
    if unit != "bp":
        return None
    return "rna" if words and "RNA" in words[0].upper() else "dna"


def _after_length(record: GenBankRecord) -> list[str]:
    """Return the words of the LOCUS line from the unit of its length on, which stands behind a name of any spelling."""
    words = record.locus.split()
    unit = next((place for place, word in enumerate(words) if place > 1 and word in ("bp", "aa")), None)
    return [""] if unit is None else words[unit:]


def to_nucleic(record: GenBankRecord, limits: Limits) -> NucleicAcid:
    """Return a record as a nucleic acid with its features.

    Raises
    ------
    ParseError
        No bases, a letter that is none, a length that is not the LOCUS line's, or a broken feature table.
    UnsupportedError
        A record of a protein, or without its sequence.
    """
    name, kind = _name(record), genbank_kind(record)
    if kind is None:
        raise UnsupportedError("the record is a protein's, not a nucleic acid's", record=name)
    letters = "".join(record.letters)
    if not letters:
        raise UnsupportedError("the record has no sequence; get it with its bases (ORIGIN), not CONTIG", record=name)
    words = record.locus.split()
    stated = next((word for word, unit in pairwise(words[1:]) if unit == "bp"), "")
    limits.check("bases_per_sequence", record.length, "length of the sequence in bases")
    if stated.isdecimal() and count_of(stated) != len(letters):
        raise ParseError(f"the LOCUS line says {stated[:40]} bases, the record holds {len(letters)}", record=name)
    upper = letters.upper()  # databases write all letters small: it marks no repeats
    upper = as_rna(upper) if kind == "rna" else as_dna(upper)
    features, left_out = _features(record, len(upper))
    molecule = [word.lower() for word in _after_length(record)]
    strands = next((count for mark, count in (("ss-", 1), ("ds-", 2)) if any(mark in word for word in molecule)), 0)
    plain = read_letters(NucleicAcid, upper, kind, name, limits)
    notes = [f"features left out: {', '.join(f'{count} {why}' for why, count in left_out.items())}"] if left_out else []
    return NucleicAcid(
        plain.sequence, kind, strands, "circular" in molecule, features=features, name=name, notes=tuple(notes)
    )


def _name(record: GenBankRecord) -> str:
    words = record.locus.split()
    return record.version or (words[1] if len(words) > 1 else "")


def _features(record: GenBankRecord, length: int) -> tuple[tuple[Feature, ...], Counter[str]]:
    found: list[Feature] = []
    left_out: Counter[str] = Counter()
    for key, lines in _entries(record.features):
        if key == "source":
            continue
        location, qualifiers = _location_and_qualifiers(lines)
        try:
            found.append(_feature(key, location, qualifiers, length))
        except UnsupportedError as error:
            left_out[error.message.partition("' ")[2] or error.message] += 1
        except BioMatrixError as error:
            raise ParseError(f"the feature {key}: {error.message}", record=_name(record)) from error
    return tuple(found), left_out


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    key, held = "", list[str]()
    for line in lines:
        found = _KEY.match(line)
        if found is not None:
            if key:
                yield key, held
            key, held = found.group(1), [found.group(2).rstrip()]
        elif key and line.strip():
            held.append(line.strip())
    if key:
        yield key, held


def _location_and_qualifiers(lines: list[str]) -> tuple[str, dict[str, str]]:
    """Return the location of a feature, and its qualifiers, values of one name joined by line ends."""
    parts: list[list[str]] = [[]]
    open_quote = False
    for line in lines:
        if line.startswith("/") and not open_quote and _QUALIFIER.match(line):
            parts.append([])
        parts[-1].append(line)
        if len(parts) > 1:
            open_quote ^= line.count('"') % 2 == 1
    qualifiers: dict[str, str] = {}
    for part in parts[1:]:
        match = _QUALIFIER.match(part[0])
        assert match is not None
        name, first = match.group(1), match.group(2) or ""
        joint = "" if name in _JOINED_WITHOUT_SPACE else " "
        value = joint.join((first, *part[1:]))
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1].replace('""', '"')
        qualifiers[name] = f"{qualifiers[name]}\n{value}" if name in qualifiers else value
    return "".join(parts[0]), qualifiers


def _feature(key: str, location: str, qualifiers: dict[str, str], length: int) -> Feature:
    intervals, strand = read_location(location, length)
    start, table = qualifiers.pop("codon_start", "1"), qualifiers.pop("transl_table", None)
    if start not in ("1", "2", "3"):
        raise ParseError(f"codon_start is 1, 2 or 3, not {start!r}")
    number = None if table is None else count_of(table)
    if table is not None and number is None:
        raise ParseError(f"transl_table is a number, not {table[:40]!r}")
    named = (qualifiers.get(word, "") for word in ("gene", "locus_tag", "product", "label", "note"))
    name = next((word.partition("\n")[0][:60] for word in named if word), "")
    return Feature(key, intervals, strand, int(start) - 1, number, qualifiers, name)


def genbank_text(entity: NucleicAcid) -> str:
    """Return one record."""
    name = "_".join(title_line(entity.name).split()) or "sequence"
    molecule = {("dna", 2): "DNA", ("dna", 1): "ss-DNA", ("rna", 1): "RNA", ("rna", 2): "ds-RNA"}[
        entity.kind, entity.strands
    ]
    shape = "circular" if entity.circular else "linear"
    lines = [
        f"LOCUS       {name:<16} {len(entity):>11} bp    {molecule:<7} {shape:<8} UNK 01-JAN-1980",
        f"DEFINITION  {title_line(entity.name) or '.'}",
        f"ACCESSION   {name}",
        f"VERSION     {name}",
        "FEATURES             Location/Qualifiers",
    ]
    for one in entity.features:
        lines += _written_feature(one, len(entity))
    lines.append("ORIGIN")
    letters = as_dna(entity.sequence).lower()
    for start in range(0, len(letters), 60):
        row = letters[start : start + 60]
        lines.append(f"{start + 1:>9} " + " ".join(row[at : at + 10] for at in range(0, len(row), 10)))
    return "\n".join([*lines, "//"]) + "\n"


def _written_feature(one: Feature, length: int) -> Iterator[str]:
    if not one.type or len(one.type) > 15 or any(letter.isspace() for letter in one.type):
        raise UnsupportedError(f"a feature's key {one.type!r} is not one word of at most 15 letters, as GenBank's are")
    yield from _wrapped(written_location(one, length), f"     {one.type:<16}", ",")
    qualifiers = [(name, value) for name, values in one.qualifiers.items() for value in values.split("\n")]
    if one.type == CDS or one.phase:
        qualifiers.append(("codon_start", str(one.phase + 1)))
    if one.table is not None:
        qualifiers.append(("transl_table", str(one.table)))
    if one.name and not any(name in ("gene", "locus_tag", "product", "label", "note") for name, _ in qualifiers):
        qualifiers.append(("label", one.name))
    for name, value in qualifiers:
        if not value:
            yield " " * _INDENT + f"/{name}"
            continue
        quoted = value if name in _UNQUOTED else '"' + value.replace('"', '""') + '"'
        yield from _wrapped(f"/{name}={quoted}", " " * _INDENT, "" if name in _JOINED_WITHOUT_SPACE else " ")


def _wrapped(text: str, first: str, at: str) -> Iterator[str]:
    """Yield a text in lines; broken after a mark, at a space, or anywhere where ``at`` is ""."""
    room, head = _WIDTH - _INDENT, first
    while len(text) > room:
        if at == " ":  # one that stands alone: of several those at the end of a line would be lost
            places = [found.start() for found in _LONE_SPACE.finditer(text, 1, 2 * room)]
            cut = max((place for place in places if place <= room), default=-1)
            if cut < 0:  # a word longer than a line
                found = _LONE_SPACE.search(text, room)
                if found is None:
                    break
                cut = found.start()
        else:
            cut = text.rfind(at, 1, room) if at else room
            cut = room if cut < 1 else cut
        cut += at == ","
        yield head + text[:cut]
        text, head = text[cut + (at == " ") :], " " * _INDENT
    yield head + text
