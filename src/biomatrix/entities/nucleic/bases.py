"""The letters of nucleic acids: IUPAC's codes, what each may stand for, and complements.

Source: IUPAC-IUB, Nucleic Acids Research 13 (1985) 3021. Inosine, I, stands beside the codes: it pairs with A, C and U,
so no one base is its complement, and it is kept as I on the other strand.
"""

from __future__ import annotations

from typing import Final, Literal, cast

from biomatrix.errors import ParseError, UnsupportedError

BaseKind = Literal["dna", "rna"]

READINGS: Final[dict[str, str]] = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
"""IUPAC's letters of DNA and the bases that each may stand for, in order of the alphabet."""

INOSINE: Final = "I"
ANY: Final = "N"
"""The letter of a base of which nothing is known."""
DNA_LETTERS: Final[str] = "".join(READINGS) + INOSINE
RNA_LETTERS: Final[str] = DNA_LETTERS.replace("T", "U")
LETTERS: Final[dict[BaseKind, str]] = {"dna": DNA_LETTERS, "rna": RNA_LETTERS}
CERTAIN: Final[dict[BaseKind, str]] = {"dna": "ACGT", "rna": "ACGU"}
"""The letters that stand for one base, in the order of their token ids elsewhere."""

NAMES: Final[dict[str, str]] = {
    "A": "adenine", "C": "cytosine", "G": "guanine", "T": "thymine", "U": "uracil", "R": "a purine, A or G",
    "Y": "a pyrimidine, C or T", "S": "a strong base, C or G", "W": "a weak base, A or T", "K": "a keto base, G or T",
    "M": "an amino base, A or C", "B": "C, G or T", "D": "A, G or T", "H": "A, C or T", "V": "A, C or G",
    "N": "any base", "I": "hypoxanthine, the base of inosine",
}  # fmt: skip
"""What each letter stands for, in words."""

_COMPLEMENTS: Final[dict[str, str]] = dict(zip("ACGTRYSWKMBDHVNI", "TGCAYRSWMKVHDBNI", strict=True))
_TABLES: Final = {
    "dna": str.maketrans(_COMPLEMENTS),
    "rna": str.maketrans({one.replace("T", "U"): other.replace("T", "U") for one, other in _COMPLEMENTS.items()}),
}
_TO_RNA: Final = str.maketrans("T", "U")
_TO_DNA: Final = str.maketrans("U", "T")
PROTEIN_ONLY: Final[frozenset[str]] = frozenset("EFLPQZJOX*")
"""Letters of proteins that no nucleic acid has."""


def base_kind(kind: object) -> BaseKind:
    """Return ``dna`` or ``rna`` for a name in any case; ParseError for any other."""
    if isinstance(kind, str) and kind.lower() in LETTERS:
        return cast(BaseKind, kind.lower())
    raise ParseError(f'a nucleic acid is of the kind "DNA" or "RNA", not {kind!r}')


def complement(letters: str, kind: BaseKind) -> str:
    """Return the complement letter by letter, in the same order; ambiguity stays ambiguity."""
    return letters.translate(_TABLES[kind])


def reverse_complement(letters: str, kind: BaseKind) -> str:
    """Return the other strand, read from its 5' end.

    Examples
    --------
    >>> reverse_complement("AACGR", "dna")
    'YCGTT'
    """
    return letters.translate(_TABLES[kind])[::-1]


def as_rna(letters: str) -> str:
    """Return letters with U for T."""
    return letters.translate(_TO_RNA)


def as_dna(letters: str) -> str:
    """Return letters with T for U."""
    return letters.translate(_TO_DNA)


def readings(letter: str) -> str:
    """Return the bases, as DNA, that a letter of DNA or RNA may stand for; inosine may be read as any."""
    return "ACGT" if letter == INOSINE else READINGS["T" if letter == "U" else letter]


def foreign_letter(sequence: str, kind: BaseKind) -> tuple[int, str] | None:
    """Return the index of the first letter that is none of the kind's, and what to say of it; None where all are."""
    allowed = LETTERS[kind]
    if not sequence.strip(allowed):  # all of it at both ends: quick for millions of letters
        return None
    index = next((place for place, letter in enumerate(sequence) if letter not in allowed), None)
    return None if index is None else (index, _fault(sequence, index, kind))


def _fault(sequence: str, index: int, kind: BaseKind) -> str:
    letter = sequence[index]
    if letter in "-.":
        return f"{letter!r} is a gap, not a base; give the sequence without gaps, or N where bases are unknown"
    if letter == ("U" if kind == "dna" else "T"):
        other = "rna" if kind == "dna" else "dna"
        return f"{letter!r} is no letter of {kind.upper()}; is this {other.upper()}?"
    upper = set(sequence.upper())
    hint = "; this looks like a protein" if upper & (PROTEIN_ONLY - {"X", "*"}) and upper <= _PROTEIN_TOO else ""
    return f"{letter!r} is no IUPAC letter of {kind.upper()}; allowed are {LETTERS[kind]}{hint}"


_PROTEIN_TOO: Final[frozenset[str]] = frozenset("ACDEFGHIKLMNPQRSTVWYBZJUOX*")


def check_letters(sequence: object, kind: BaseKind) -> None:
    """Refuse what is no text of capitals of the kind.

    Raises
    ------
    ParseError
        No text.
    UnsupportedError
        A letter that is none of the kind's, with its index from 0 as ``position``.
    """
    if not isinstance(sequence, str):
        raise ParseError(f"the sequence of a nucleic acid is text, not {type(sequence).__name__}")
    found = foreign_letter(sequence, kind)
    if found is not None:
        index, reason = found
        advice = "; NucleicAcid.from_sequence reads lower-case letters" if sequence[index].islower() else ""
        raise UnsupportedError(reason + advice, position=index)
