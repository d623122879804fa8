"""Windows of a reference round variants, as Evo 2's BRCA1 protocol cuts them: 8,192 bases, the variant at 4,096."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from biomatrix.entities.fasta_text import fasta_texts
from biomatrix.entities.files.reading import read_lines
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

SIZE: Final = 8192
_PLACE: Final = re.compile(r"^[^\s:]+:([0-9]{1,12})-[0-9]{1,12}\b")


@dataclass(frozen=True)
class Variant:
    """A substitution, an insertion or a deletion, as VCF writes it.

    Parameters
    ----------
    position : int
        From 1, of the first base of ``reference``, on the plus strand.
    reference, alternative : str
        At least one base each.
    name : str
        For reports.
    """

    position: int
    reference: str
    alternative: str
    name: str = ""


@dataclass(frozen=True)
class Reference:
    """A stretch of a chromosome.

    Parameters
    ----------
    sequence : str
        The plus strand.
    first : int
        The position of its first base, from 1.
    whole : bool
        Whether it is the whole chromosome, so that windows are cut short at its ends instead of refused.
    name : str
        Of the file.
    """

    sequence: str
    first: int = 1
    whole: bool = False
    name: str = "<reference>"

    @classmethod
    def read(cls, path: str | Path, first: int | None = None, limits: Limits = DEFAULT_LIMITS) -> Reference:
        """Return the one record of a FASTA file; a header such as ``chr17:41193000-41281000`` tells its place.

        Parameters
        ----------
        path : str or Path
            May be gzipped.
        first : int, optional
            The position of its first base, where the header does not tell; a file that tells neither begins at 1 and
            is whole.

        Raises
        ------
        ParseError
            It holds no record, or several.
        LimitError
            It is longer than one record may be.
        """
        # The limit of residues is one of proteins, and letters past it are cut off.
        long = replace(limits, residues_per_chain=max(limits.residues_per_chain, limits.record_bytes))
        records = list(fasta_texts(read_lines(path, limits), long))
        if len(records) != 1:
            raise ParseError(f"holds {len(records)} records; give a FASTA file of one", file=str(path))
        found = _PLACE.match(records[0].header)
        told = first if first is not None else int(found.group(1)) if found else None
        sequence = "".join(records[0].letters.split())
        limits.check("record_bytes", len(sequence), "the length of the reference")
        return cls(sequence, told or 1, told is None, str(path))


@dataclass(frozen=True)
class VariantWindow:
    """What a model reads of a variant.

    Parameters
    ----------
    variant : Variant
    reference, alternative : str
        The window without and with it.
    offset : int
        Where it lies in the window, from 0.
    """

    variant: Variant
    reference: str
    alternative: str
    offset: int


def variant_windows(
    reference: Reference, variants: Iterable[Variant], size: int = SIZE
) -> tuple[list[VariantWindow], list[Reject]]:
    """Return the window of each variant, and those that have none with the reason.

    The window begins ``size // 2`` bases before the variant, so that an insertion makes the alternative longer and a
    deletion shorter; only log-likelihoods a token can then be compared.

    Parameters
    ----------
    reference : Reference
    variants : iterable of Variant
    size : int
        Bases of the window.

    Returns
    -------
    windows : list of VariantWindow
    rejects : list of Reject
        A reference base that is another in the FASTA, a window past its end, a letter that is no base.
    """
    windows: list[VariantWindow] = []
    rejects: list[Reject] = []
    for number, variant in enumerate(variants, 1):
        try:
            windows.append(_window(reference, variant, size))
        except BioMatrixError as error:
            rejects.append(Reject.from_error(error, reference.name, variant.name or number))
    return windows, rejects


def scored_sequences(windows: Sequence[VariantWindow]) -> list[str]:
    """Return every sequence that the windows ask for, each once: what a score file must hold."""
    return list(dict.fromkeys(text for one in windows for text in (one.reference, one.alternative)))


def _window(reference: Reference, variant: Variant, size: int) -> VariantWindow:
    for letters in (variant.reference, variant.alternative):
        if not letters or set(letters.upper()) - set("ACGTN"):
            raise UnsupportedError(f"{letters!r} are no bases of a variant", position=variant.position)
    sequence, place = reference.sequence, variant.position - reference.first
    start, end = place - size // 2, place - size // 2 + size
    if reference.whole:
        start, end = max(start, 0), min(end, len(sequence))
    if place < 0 or start < 0 or end > len(sequence) or place + len(variant.reference) > end:
        raise UnsupportedError(
            f"the window needs bases {reference.first + start:,} to {reference.first + end - 1:,}, the reference has "
            f"{reference.first:,} to {reference.first + len(sequence) - 1:,}",
            position=variant.position,
        )
    found = sequence[place : place + len(variant.reference)]
    if found.upper() != variant.reference.upper():
        raise ParseError(
            f"the variant's reference is {variant.reference}, the FASTA has {found}; is it of the same assembly?",
            position=variant.position,
        )
    before, after = sequence[start:place], sequence[place + len(variant.reference) : end]
    return VariantWindow(variant, before + found + after, before + variant.alternative + after, place - start)
