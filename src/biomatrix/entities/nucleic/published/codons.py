"""Three bases a token: CodonBERT (130 ids) and mRNA-GPT (69 ids, and 68 in its later code).

Both read from the first base and know no untranslated regions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Final

from biomatrix.entities.nucleic.published.tokens import PublishedTokens, checked_letters, places_of, tokens_of, told
from biomatrix.errors import ConfigurationError

CODONBERT_LONGEST: Final = 1022
"""Codons beside the two special tokens; the published code skips longer sequences."""
MRNA_GPT_BLOCK: Final = 1024
"""Tokens of mRNA-GPT's context; its code leaves longer sequences out."""
_SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LATER: Final = ("[PAD]", "[UNK]", "[BOS]", "[EOS]")
_UNKNOWN: Final = "[UNK]"


@lru_cache(maxsize=1)
def codonbert_vocabulary() -> Mapping[str, int]:
    """Return the ids by token: five special ones, then triplets over A U G C N in that order."""
    return _numbered(_SPECIAL, "AUGCN")


@lru_cache(maxsize=2)
def mrna_gpt_vocabulary(size: int = 69) -> Mapping[str, int]:
    """Return the ids by token: special ones, then the codons in alphabetical order; ConfigurationError for others."""
    if size not in (68, 69):
        raise ConfigurationError(f"mRNA-GPT has vocabularies of 69 ids and, later, of 68, not of {size!r}")
    return _numbered(_SPECIAL if size == 69 else _LATER, "ACGU")


def codonbert_tokens(sequence: str) -> PublishedTokens:
    """Return ``[CLS] codons [SEP]`` as CodonBERT reads a sequence (``Sanofi-Public/CodonBERT`` ``finetune.py``).

    Case goes and T becomes U; N is a base; a codon with any other letter is ``[UNK]``; bases after the last whole codon
    are dropped.

    Raises
    ------
    ParseError
        What is no letter.
    """
    letters = checked_letters(sequence).upper().replace("T", "U")
    names, notes = _codons(sequence, letters, codonbert_vocabulary())
    if len(names) > CODONBERT_LONGEST:
        notes.append(
            f"{len(names):,} codons, and the published code skips sequences of more than {CODONBERT_LONGEST:,}"
        )
    names = ["[CLS]", *names, "[SEP]"]
    return tokens_of(names, (codonbert_vocabulary()[name] for name in names), notes)


def mrna_gpt_tokens(sequence: str, size: int = 69) -> PublishedTokens:
    """Return the codons of a coding sequence as mRNA-GPT reads it (``ZHymLumine/mRNA-GPT``).

    ``[SEP] codons [SEP]`` with the published 69 ids, ``[BOS] codons [EOS]`` with the later 68. T is U, as in the
    preparation of its data, which leaves out sequences with any other letter, in lower case, or not of whole codons:
    here such a codon is ``[UNK]``, as its tokenizer has it, and the notes say so.

    Raises
    ------
    ParseError
        What is no letter.
    """
    known = mrna_gpt_vocabulary(size)
    names, notes = _codons(sequence, checked_letters(sequence).replace("T", "U"), known)
    names = ["[SEP]", *names, "[SEP]"] if size == 69 else ["[BOS]", *names, "[EOS]"]
    if len(names) > MRNA_GPT_BLOCK:
        notes.append(f"{len(names):,} tokens, and the published code leaves out more than {MRNA_GPT_BLOCK:,}")
    return tokens_of(names, (known[name] for name in names), notes)


def _numbered(special: tuple[str, ...], bases: str) -> Mapping[str, int]:
    names = [*special, *map("".join, product(bases, repeat=3))]
    return MappingProxyType({name: number for number, name in enumerate(names)})


def _codons(given: str, letters: str, known: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return the tokens of the codons of ``letters``, and what they no longer tell of what was given."""
    whole = len(letters) - len(letters) % 3
    read = [letters[start : start + 3] for start in range(0, whole, 3)]
    names = [codon if codon in known else _UNKNOWN for codon in read]
    unknown = [3 * place for place, name in enumerate(names) if name == _UNKNOWN]
    changed = [place for place in places_of(given[:whole], "A-Z") if letters[place].isupper()]
    notes = [
        told(changed, "in lower case became upper case"),
        told(unknown, f"at the start of a codon that became {_UNKNOWN}"),
        told(range(whole, len(letters)), "after the last whole codon dropped"),
    ]
    return names, [note for note in notes if note]
