"""Chains as documents of two kinds, and what they cost: sequence then codes (fold), codes then sequence (design).

Either is a strand that is read, residue by residue, and then the other strand. The model says both: the sequence alone
and the codes given all of it in the one, the codes alone and the sequence given all of them in the other. While it says
the second strand it sees, beside what it said last, the residue of the first strand whose turn it is; residues of both
strands have the same position.

Legend of shapes: R rows, T positions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from code_language.chains import UNKNOWN
from code_language.model import CodeLanguageModel
from code_language.sentences import BOUNDARY, NO_CODE, Sentences
from code_language.training import Batch, Schedule, endless_rows, fit, losses_after, parted

FOLD, DESIGN = UNKNOWN + 1, UNKNOWN + 2
"""The symbol before a document says its kind."""
NUM_SYMBOLS = UNKNOWN + 3


@dataclass(frozen=True)
class ChainBits:
    """What chains cost, in bits a residue with a code.

    Parameters
    ----------
    codes, sequence : float
        Of either strand alone.
    codes_given_sequence, sequence_given_codes : float
        Of either strand when the whole other one was read.
    recovery : float
        The share of residue types that are the likeliest one, given all codes and the true types before.
    """

    codes: float
    sequence: float
    codes_given_sequence: float
    sequence_given_codes: float
    recovery: float


def train_chains(model: CodeLanguageModel, sentences: Sentences, schedule: Schedule) -> CodeLanguageModel:
    """Train a model on both kinds of documents, a random kind each time; the order does not depend on the codes."""
    return fit(model, _endless_documents(sentences, schedule), schedule)


@torch.inference_mode()
def measure_chains(model: CodeLanguageModel, sentences: Sentences, batch: int = 2048) -> ChainBits:
    """Return what chains cost under a model, in full precision."""
    nats = dict.fromkeys((FOLD, DESIGN), np.zeros(2))
    found = 0
    lengths = document_lengths(sentences)
    for rows in parted(np.argsort(lengths, kind="stable"), lengths, batch):
        for kind in nats:
            part = documents(sentences, rows, np.full(len(rows), kind))
            known = model(part.symbols, part.codes, part.positions, part.first)
            nats[kind] = nats[kind] + [float(loss) for loss in losses_after(model, part, known)]
            found += _recovered(model, part, known) if kind == DESIGN else 0
    residues = sentences.num_atoms
    (sequence, codes_given), (sequence_given, codes) = (nats[kind] / residues / math.log(2) for kind in (FOLD, DESIGN))
    return ChainBits(float(codes), float(sequence), float(codes_given), float(sequence_given), found / residues)


def document_lengths(sentences: Sentences) -> NDArray[np.int64]:
    """Return the positions of each chain's document."""
    return np.array([2 * len(row) + 1 for row in sentences.symbols])


def documents(sentences: Sentences, rows: Sequence[int] | NDArray[np.int64], kinds: NDArray[np.int64]) -> Batch:
    """Return chains as the rows of a batch.

    Parameters
    ----------
    sentences : Sentences
    rows : sequence of int
    kinds : ndarray, shape=(R,)
        FOLD or DESIGN.
    """
    lengths = [len(sentences.symbols[row]) for row in rows]
    shape = (len(lengths), 2 * max(lengths) + 1)
    symbols, given = np.full(shape, BOUNDARY), np.full(shape, BOUNDARY)
    codes, wanted_symbols, wanted_codes = np.full(shape, NO_CODE), np.full(shape, -1), np.full(shape, -1)
    columns, starts = np.arange(shape[1]), np.array(lengths)[:, None] + 1
    for index, (row, kind, length) in enumerate(zip(rows, kinds.tolist(), lengths, strict=True)):
        types, shapes = sentences.symbols[row], sentences.codes[row]
        asked = np.where(shapes >= 0, types, -1)
        read, said, after = slice(1, length + 1), slice(length + 1, 2 * length + 1), slice(length + 2, 2 * length + 1)
        symbols[index, 0] = kind
        if kind == FOLD:
            symbols[index, read] = symbols[index, said] = given[index, said] = types
            codes[index, after] = shapes[:-1]
            wanted_symbols[index, :length], wanted_codes[index, said] = asked, shapes
        else:
            codes[index, read] = codes[index, said] = shapes
            symbols[index, after] = types[:-1]
            wanted_codes[index, :length], wanted_symbols[index, said] = shapes, asked
    first = columns < starts
    return Batch(
        symbols=torch.from_numpy(symbols),
        codes=torch.from_numpy(codes),
        positions=torch.from_numpy(np.where(first, columns, columns - starts + 1)),
        first=torch.from_numpy(first),
        wanted_symbols=torch.from_numpy(wanted_symbols),
        wanted_codes=torch.from_numpy(wanted_codes),
        given_symbols=torch.from_numpy(given),
        num_tokens=int((wanted_symbols >= 0).sum() + (wanted_codes >= 0).sum()),
    )


def _endless_documents(sentences: Sentences, schedule: Schedule) -> Iterator[Batch]:
    generator = np.random.default_rng((schedule.seed, 1))
    for rows in endless_rows(document_lengths(sentences), schedule):
        yield documents(sentences, rows, generator.choice((FOLD, DESIGN), len(rows)))


def _recovered(model: CodeLanguageModel, batch: Batch, known: Tensor) -> int:
    """Return how many wanted residue types are the likeliest ones."""
    asked = batch.wanted_symbols >= 0
    return int((model.symbol_logits(known[asked]).argmax(dim=-1) == batch.wanted_symbols[asked]).sum())
