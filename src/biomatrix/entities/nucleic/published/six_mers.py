"""Six bases a token, as Nucleotide Transformer reads DNA: v1 (4,105 ids) and v2 (4,107).

From the left, without overlap, split at N; one to five bases that are left over before an N or at the end are tokens of
one base each, and so is N. ``<cls>`` comes first, nothing last (``instadeepai/nucleotide-transformer``,
``tokenizers.py``). A shift by one base changes every token.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Final, Literal

from biomatrix.entities.nucleic.published.tokens import PublishedTokens, checked_letters, places_of, tokens_of, told
from biomatrix.errors import ConfigurationError, UnsupportedError

K: Final = 6
CLS, UNKNOWN, PAD, MASK = "<cls>", "<unk>", "<pad>", "<mask>"
_BASES: Final = "ATCG"
_SPECIAL: Final[Mapping[int, tuple[str, ...]]] = {
    1: (UNKNOWN, PAD, MASK, CLS),
    2: (UNKNOWN, PAD, MASK, CLS, "<eos>", "<bos>"),
}
MOST_TOKENS: Final[Mapping[int, int]] = {1: 1000, 2: 2048}
"""How many tokens a model of each version was trained on."""


@lru_cache(maxsize=2)
def six_mer_vocabulary(version: int = 2) -> Mapping[str, int]:
    """Return the ids by token; ConfigurationError where the version is neither 1 nor 2."""
    if version not in _SPECIAL:
        raise ConfigurationError(f"Nucleotide Transformer has the versions 1 and 2, not {version!r}")
    names = [*_SPECIAL[version], *map("".join, product(_BASES, repeat=K)), *_BASES, "N"]
    return MappingProxyType({name: number for number, name in enumerate(names)})


def six_mer_tokens(sequence: str, version: int = 2, unknown: Literal["refuse", "merge"] = "refuse") -> PublishedTokens:
    """Return the tokens of a sequence as Nucleotide Transformer reads it.

    Parameters
    ----------
    sequence : str
        As the file has it: lower case is not read, A C G T N are.
    version : int
        1 or 2.
    unknown : str
        What becomes of any other letter. "refuse", as the published tokenizer does; "merge", as ``EsmTokenizer`` of
        transformers does, which makes a whole run of them **one** ``<unk>``, so that bases and their number vanish.

    Raises
    ------
    UnsupportedError
        A letter that is not read, with its place.
    ParseError
        What is no letter.
    """
    known = six_mer_vocabulary(version)
    strange = places_of(checked_letters(sequence), "ACGTN")
    if unknown not in ("refuse", "merge"):
        raise ConfigurationError(f"unknown is 'refuse' or 'merge', not {unknown!r}")
    if strange and unknown == "refuse":
        raise UnsupportedError(
            f"{sequence[strange[0]]!r} is none of A, C, G, T and N, which is all that Nucleotide Transformer reads; "
            "write bases in upper case and N for ambiguity, or take unknown='merge'",
            position=strange[0] + 1,
        )
    names = [CLS, *_merged(sequence)]
    notes = [told(strange, f"became {names.count(UNKNOWN)} {UNKNOWN}, a whole run being one")]
    if len(names) > MOST_TOKENS[version]:
        notes.append(f"{len(names):,} tokens, and models of version {version} were trained on {MOST_TOKENS[version]:,}")
    return tokens_of(names, (known[name] for name in names), notes)


def six_mer_pieces(sequence: str) -> list[str]:
    """Return the pieces that the published rule cuts a sequence into, whatever its letters."""
    pieces: list[str] = []
    for number, stretch in enumerate(sequence.split("N")):
        if number:
            pieces.append("N")
        whole = len(stretch) - len(stretch) % K
        pieces += [stretch[start : start + K] for start in range(0, whole, K)]
        pieces += stretch[whole:]
    return pieces


def _merged(sequence: str) -> list[str]:
    """Return the pieces between runs of letters that are not read, and one unknown for each run."""
    names: list[str] = []
    start = 0
    while start < len(sequence):
        end, read = start, sequence[start] in "ACGTN"
        while end < len(sequence) and (sequence[end] in "ACGTN") == read:
            end += 1
        names += six_mer_pieces(sequence[start:end]) if read else [UNKNOWN]
        start = end
    return names
