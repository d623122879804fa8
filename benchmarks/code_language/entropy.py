"""What counting alone predicts of codes: references for what a model learns."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator

from code_language.sentences import Sentences

Context = tuple[int, ...]


def counted_entropies(train: Sentences, held_out: Sentences, num_codes: int) -> dict[str, float]:
    """Return cross-entropies of held-out codes in bits an atom, from counts in the training sentences.

    "unigram" knows the symbol of the atom, "bigram" also the code of the atom before it in the string.
    """
    unigram, bigram = counted_bits(train, held_out, num_codes)
    return {
        "unigram code given symbol, bits / atom": unigram,
        "bigram code given symbol, bits / atom": bigram,
    }


def counted_bits(train: Sentences, held_out: Sentences, num_codes: int) -> tuple[float, float]:
    """Return the bits a held-out code costs given its symbol, and given also the code before it.

    Counts are smoothed by Witten and Bell's rule: bigram falls back on unigram, unigram on the frequency of the code,
    that on the uniform distribution.
    """
    levels: list[defaultdict[Context, Counter[int]]] = [defaultdict(Counter) for _ in range(3)]
    for symbol, previous, code in _atoms(train):
        for level, context in enumerate(((), (symbol,), (symbol, previous))):
            levels[level][context][code] += 1
    totals = [{context: sum(counts.values()) for context, counts in level.items()} for level in levels]
    bits = [0.0, 0.0]
    atoms = 0
    for symbol, previous, code in _atoms(held_out):
        odds = 1.0 / num_codes
        for level, context in enumerate(((), (symbol,), (symbol, previous))):
            if context in totals[level]:
                counts, total = levels[level][context], totals[level][context]
                odds = (counts[code] + len(counts) * odds) / (total + len(counts))
            if level:
                bits[level - 1] -= math.log2(odds)
        atoms += 1
    return bits[0] / max(atoms, 1), bits[1] / max(atoms, 1)


def _atoms(sentences: Sentences) -> Iterator[tuple[int, int, int]]:
    """Yield the symbol, the code of the atom before and the code of each atom."""
    for symbols, codes in zip(sentences.symbols, sentences.codes, strict=True):
        previous = -1
        for symbol, code in zip(symbols.tolist(), codes.tolist(), strict=True):
            if code >= 0:
                yield symbol, previous, code
                previous = code
