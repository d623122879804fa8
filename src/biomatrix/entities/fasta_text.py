"""FASTA as text: headers and letters, PIR files among them; other sequence files are refused by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from biomatrix.entities.limits import Limits
from biomatrix.errors import ParseError

_PIR: Final = re.compile(r"(P1|F1|DL|DC|RL|RC|N1|N3|XX);\s*(\S.*)")
_PIR_WORDS: Final = {
    "P1": "protein", "F1": "protein", "DL": "dna", "DC": "dna", "RL": "rna", "RC": "rna", "N1": "rna", "N3": "rna",
}  # fmt: skip
_OTHER_FORMATS: Final = (
    ("# STOCKHOLM", "a Stockholm alignment"),
    ("CLUSTAL", "a Clustal alignment"),
    ("#A3M#", "an A3M alignment"),
    ("#NEXUS", "a NEXUS alignment"),
    ("!!AA_MULTIPLE", "an MSF alignment"),
    ("PileUp", "an MSF alignment"),
    ("LOCUS ", "a GenBank flat file"),
    ("ID   ", "an EMBL or UniProt flat file"),
    ("HEADER ", "a PDB file"),
    ("ATOM  ", "a PDB file"),
    ("data_", "an mmCIF file"),
    ("@", "a FASTQ file, of nucleotide reads"),
)
_GAPS: Final = "-."
_JOINTS: Final = ":/"
"""Between the chains of a complex: ColabFold and ESMFold write one, MODELLER and RoseTTAFold the other."""
_STOP: Final = "*"
_SHOWN: Final = 40


@dataclass(frozen=True)
class FastaRecord:
    """One record.

    Parameters
    ----------
    header : str
        Without its ``>``; of a PIR file, the identifier and the title.
    letters : str
        White space at both ends of each line left out; of a PIR file without the closing ``*``.
    first, last : int
        The numbers, from 1, of its first and last line.
    pir : str
        The code of a PIR record, such as ``P1``; "" in FASTA.
    notes : tuple of str
        What was done with the record.
    """

    header: str
    letters: str
    first: int
    last: int
    pir: str = ""
    notes: tuple[str, ...] = ()

    @property
    def pir_word(self) -> str:
        """What the code of a PIR record says it is: ``dna``, ``rna``, ``protein``; "" where it says nothing."""
        return _PIR_WORDS.get(self.pir, "")


def fasta_texts(lines: Iterable[str], limits: Limits) -> Iterator[FastaRecord]:
    """Yield the records of lines, their letters cut soon after they pass the limit.

    Lines that begin with ``;`` are comments.

    Raises
    ------
    ParseError
        The first line that is neither empty nor a comment is not a header.
    """
    header: str | None = None
    parts: list[str] = []
    first, last, length = 0, 0, 0
    for number, line in enumerate(lines, start=1):
        if line.startswith(">"):
            if header is not None:
                yield _record(header, parts, first, last)
            header, parts, first, last, length = line[1:], [], number, number, 0
        elif line.startswith(";") or not line.strip():
            continue
        elif header is None:
            raise ParseError(_wrong_start(line), position=number)
        elif length <= max(limits.residues_per_chain, limits.bases_per_sequence):
            parts.append(line.strip())
            length += len(parts[-1])
        last = number
    if header is not None:
        yield _record(header, parts, first, last)


def refuse_alignments(letters: str) -> None:
    """Raise ParseError where letters are those of an alignment, a complex or a numbered listing, with the place.

    ``position`` is the index of the character, from 0.
    """
    for index, letter in enumerate(letters):
        reason = ""
        if letter in _GAPS:
            reason = f"{letter!r} is a gap: the record is of an alignment; give the sequences without gaps"
        elif letter in _JOINTS:
            reason = f"{letter!r} joins the chains of a complex; give each chain a record of its own"
        elif letter.isdigit():
            reason = f"{letter!r} is a number among the letters, as in listings of GenBank; leave the numbers out"
        elif letter == _STOP and letters[index:].strip(_STOP):
            reason = "'*', a stop, stands inside the sequence; the record is of several chains or of a translated frame"
        if reason:
            raise ParseError(reason, position=index)


def _record(header: str, parts: list[str], first: int, last: int) -> FastaRecord:
    pir = _PIR.fullmatch(header.strip())
    if pir is None:
        return FastaRecord(header, "".join(parts), first, last)
    title = parts[0] if parts else ""
    letters, stop, rest = "".join("".join(parts[1:]).split()).partition(_STOP)
    notes: tuple[str, ...] = () if stop else ("the PIR record has no closing *: is the file cut?",)
    notes += (f"the text behind the closing * was left out: {rest[:_SHOWN]!r}",) if rest else ()
    return FastaRecord(f"{pir.group(2)} {title}".strip(), letters, first, last, pir.group(1), notes)


def _wrong_start(line: str) -> str:
    other = next((name for mark, name in _OTHER_FORMATS if line.startswith(mark)), None)
    if other is not None:
        return f"the file is {other}, not FASTA, whose records start with a line that starts with >"
    return "a FASTA file starts with a line that starts with >; put a line such as >name before the letters"
