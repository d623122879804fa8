"""BED intervals and VCF variants against a FASTA file; a line that does not fit it is a reject, and the batch goes on.

BED counts from 0, half open; VCF from 1, with the base before an insertion or deletion in both alleles. Sources: the
UCSC description of BED, and VCF 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from biomatrix.entities.files.reading import label_of, read_lines
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.nucleic.bases import foreign_letter
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.files.digits import count_of
from biomatrix.entities.nucleic.files.fasta_windows import FastaWindows
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

_HEADERS: Final = ("#", "track", "browser")


@dataclass(frozen=True)
class Variant:
    """One change of a sequence.

    Parameters
    ----------
    record : str
        The sequence, by its name in the FASTA file.
    start : int
        The index from 0 of the first base of ``reference``.
    reference, alternate : str
        Bases in capitals.
    name : str
        "" for none.
    """

    record: str
    start: int
    reference: str
    alternate: str
    name: str = ""


@dataclass(frozen=True)
class VariantWindow:
    """A window with and without a variant; ``offset`` is the index of the variant's first base in both."""

    variant: Variant
    reference: NucleicAcid
    alternate: NucleicAcid
    offset: int


def read_intervals(
    path: str | Path, sequences: FastaWindows, *, limits: Limits = DEFAULT_LIMITS
) -> Iterator[NucleicAcid | Reject]:
    """Yield the bases of each line of a BED file, from its strand and under its name, or a Reject with its reason."""
    label = label_of(path)
    try:
        for number, line in enumerate(read_lines(path, limits), start=1):
            if not line.strip() or line.startswith(_HEADERS):
                continue
            try:
                yield _interval(line.split("\t") if "\t" in line else line.split(), sequences)
            except BioMatrixError as error:
                yield Reject(label, number, error.position, error.message, type(error).__name__)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def _interval(words: list[str], sequences: FastaWindows) -> NucleicAcid:
    start, stop = (count_of(word.strip()) for word in (words[1:3] if len(words) > 2 else ("", "")))
    if start is None or stop is None:
        raise ParseError("a line of BED is a name, a start and a stop")
    strand = words[5].strip() if len(words) > 5 else "+"
    if strand not in ("+", "-", "."):
        raise ParseError(f"a strand is +, - or ., not {strand!r}")
    acid = sequences.read(words[0], start, stop, strand=-1 if strand == "-" else 1)
    name = words[3].strip() if len(words) > 3 else ""
    return replace(acid, name=name) if name not in ("", ".") else acid


def read_variants(
    path: str | Path, sequences: FastaWindows, *, window: int, limits: Limits = DEFAULT_LIMITS
) -> Iterator[VariantWindow | Reject]:
    """Yield, for each alternate allele of a VCF file, a window with and without it; a line that does not fit, a Reject.

    Parameters
    ----------
    path : str or Path
    sequences : FastaWindows
    window : int
        Bases of the reference window, in whose middle the variant lies: it starts ``window // 2`` before it, as in the
        protocol of Evo 2, and is moved inwards at the ends of the sequence.
    """
    label = label_of(path)
    if window < 1:
        raise ParseError(f"a window has at least one base, not {window}")
    try:
        for number, line in enumerate(read_lines(path, limits), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                for variant in _variants(line.split("\t")):
                    yield variant_window(variant, sequences, window)
            except BioMatrixError as error:
                yield Reject(label, number, error.position, error.message, type(error).__name__)
    except BioMatrixError as error:
        yield Reject.from_error(error, label)


def _variants(words: list[str]) -> Iterator[Variant]:
    place = count_of(words[1]) if len(words) > 4 else None
    if not place:
        raise ParseError("a line of VCF is a name, a position from 1, an id, a reference and its alternates")
    reference = words[3].strip().upper()
    for alternate in words[4].strip().upper().split(","):
        for allele in (reference, alternate):
            if not allele or foreign_letter(allele, "dna") is not None:
                raise UnsupportedError(f"the allele {allele[:40]!r} is not spelled in bases; give it as bases")
        yield Variant(words[0], place - 1, reference, alternate, "" if words[2] == "." else words[2])


def variant_window(variant: Variant, sequences: FastaWindows, window: int) -> VariantWindow:
    """Return a window with and without a variant.

    Raises
    ------
    ParseError
        The reference base is not that of the sequence, or the variant lies past its end.
    """
    stop = variant.start + len(variant.reference)
    held = sequences.read(variant.record, variant.start, stop).sequence
    if held != variant.reference:
        raise ParseError(
            f"the variant's reference is {variant.reference[:40]} and the sequence has {held[:40]} at "
            f"{variant.start + 1}: another assembly?",
            position=variant.start + 1,
        )
    length = sequences.entries[variant.record].length
    size = min(max(window, len(held)), length)
    start = max(0, min(variant.start - window // 2, length - size))
    start = min(start, variant.start) if stop <= start + size else stop - size
    whole = sequences.read(variant.record, start, start + size)
    offset = variant.start - start
    before, after = whole.slice(0, offset), whole.slice(offset + len(held), size)
    changed = NucleicAcid(
        before.sequence + variant.alternate + after.sequence,
        whole.kind,
        whole.strands,
        name=f"{whole.name} {variant.name or f'{variant.start + 1}{held}>{variant.alternate}'}",
    )
    return VariantWindow(variant, whole, changed, offset)
