"""Training a model on sentences, and the bits it needs for others."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from code_language.corpus import BOUNDARY, NO_CODE, Sentences
from code_language.model import CodeLanguageModel, Sizes

LOG = logging.getLogger(__name__)
_POOL = 64
_EVERY = 15.0


@dataclass(frozen=True)
class Schedule:
    """How a model is trained.

    Parameters
    ----------
    steps : int
    batch : int
        Symbols in a batch, padding included.
    rate : float
        The highest learning rate, after ``warmup`` steps; it falls to a tenth along a cosine.
    warmup : int
    decay : float
        Weight decay of AdamW.
    seed : int
    bf16 : bool
        Compute in bfloat16 where autocast does.
    symbols_first : bool
        The symbols of the molecule are read first, and only codes are learnt: conformers of given molecules.
    """

    steps: int
    batch: int = 2048
    rate: float = 2e-3
    warmup: int = 100
    decay: float = 0.05
    seed: int = 0
    bf16: bool = True
    symbols_first: bool = False


@dataclass(frozen=True)
class Bits:
    """What sentences cost, in bits.

    Parameters
    ----------
    symbols, codes : float
        In total.
    num_symbols : int
        With one boundary a molecule.
    num_atoms, num_molecules : int
    """

    symbols: float
    codes: float
    num_symbols: int
    num_atoms: int
    num_molecules: int

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return {
            "bits / token": (self.symbols + self.codes) / self.num_symbols,
            "symbol part, bits / token": self.symbols / self.num_symbols,
            "code part, bits / atom": self.codes / self.num_atoms,
            "bits / molecule": (self.symbols + self.codes) / self.num_molecules,
        }


@dataclass(frozen=True)
class Batch:
    """Molecules in rows.

    Parameters
    ----------
    symbols, codes : Tensor, shape=(R, T + 1), dtype=int64
        The boundary, a molecule, boundaries to the end of the row; before these, where they are read first, the
        boundary and the symbols.
    positions : Tensor, shape=(R, T + 1), dtype=int64
        Counted from 0 at each boundary before a molecule.
    first : Tensor, shape=(R, T + 1), dtype=bool, optional
        Which positions are symbols read first.
    """

    symbols: Tensor
    codes: Tensor
    positions: Tensor
    first: Tensor | None


def train(sentences: Sentences, sizes: Sizes, schedule: Schedule) -> CodeLanguageModel:
    """Return a model trained from scratch; the same for the same arguments and number of threads."""
    torch.manual_seed(schedule.seed)
    model = CodeLanguageModel(sizes)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=schedule.rate, betas=(0.9, 0.98), weight_decay=schedule.decay, fused=True
    )
    started = said = time.monotonic()
    seen, losses = 0, [0.0, 0.0]
    for step, batch in enumerate(endless_batches(sentences, schedule)):
        if step == schedule.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * rate_share(step, schedule)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=schedule.bf16):
            symbol_loss, code_loss, count, _ = losses_of(model, batch)
        ((symbol_loss + code_loss) / count).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen += count
        for which, loss in enumerate((symbol_loss, code_loss)):
            losses[which] = 0.95 * losses[which] + 0.05 * float(loss.detach()) / count / math.log(2)
        now = time.monotonic()
        if now - said > _EVERY or step + 1 == schedule.steps:
            said, share = now, 1.0 - 0.95 ** (step + 1)
            LOG.info(
                "step %d of %d: %.3f + %.3f bits a token (symbols + codes), %.0f tokens/s, %.0f s left",
                step + 1,
                schedule.steps,
                losses[0] / share,
                losses[1] / share,
                seen / (now - started),
                (now - started) / (step + 1) * (schedule.steps - step - 1),
            )
    return model.eval()


@torch.inference_mode()
def measure(model: CodeLanguageModel, sentences: Sentences, batch: int = 8192, symbols_first: bool = False) -> Bits:
    """Return what sentences cost under a model, in full precision; symbols that are read first cost nothing."""
    symbols = codes = 0.0
    tokens = atoms = 0
    lengths = np.array([len(row) for row in sentences.symbols])
    for rows in parted(np.argsort(lengths, kind="stable"), lengths, batch):
        symbol_loss, code_loss, count, atom_count = losses_of(model, padded(sentences, rows, symbols_first))
        symbols += float(symbol_loss) / math.log(2)
        codes += float(code_loss) / math.log(2)
        tokens += count
        atoms += atom_count
    return Bits(symbols, codes, tokens, atoms, len(sentences))


def losses_of(model: CodeLanguageModel, batch: Batch) -> tuple[Tensor, Tensor, int, int]:
    """Return the summed losses of symbols and of codes in nats, how many tokens there are, and how many atoms."""
    first = None if batch.first is None else batch.first[:, :-1]
    known = model(batch.symbols[:, :-1], batch.codes[:, :-1], batch.positions[:, :-1], first)
    wanted, wanted_codes = batch.symbols[:, 1:], batch.codes[:, 1:]
    is_atom = wanted_codes >= 0
    code_logits = model.code_logits(known[is_atom], wanted[is_atom]).float()
    code_loss = functional.cross_entropy(code_logits, wanted_codes[is_atom], reduction="sum")
    # padding is a boundary after a boundary; the first boundary after a molecule is predicted
    is_read = torch.cat((torch.ones_like(wanted[:, :1], dtype=torch.bool), wanted[:, :-1] != BOUNDARY), dim=1)
    if batch.first is not None:
        return torch.zeros(()), code_loss, int((is_read & ~batch.first[:, 1:]).sum()), int(is_atom.sum())
    symbol_logits = model.symbol_logits(known[is_read]).float()
    symbol_loss = functional.cross_entropy(symbol_logits, wanted[is_read], reduction="sum")
    return symbol_loss, code_loss, int(is_read.sum()), int(is_atom.sum())


def rate_share(step: int, schedule: Schedule) -> float:
    """Return the learning rate at a step as a share of the highest."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    done = (step - schedule.warmup) / max(schedule.steps - schedule.warmup, 1)
    return 0.1 + 0.45 * (1.0 + math.cos(math.pi * done))


def endless_batches(sentences: Sentences, schedule: Schedule) -> Iterator[Batch]:
    """Yield batches of molecules of about one length, epoch after epoch.

    The order depends on the seed and on the lengths, which are those of the SELFIES: it is the same whatever the
    codes.
    """
    lengths = np.array([len(row) for row in sentences.symbols]) * (2 if schedule.symbols_first else 1)
    epoch = 0
    while True:
        generator = np.random.default_rng((schedule.seed, epoch))
        order = generator.permutation(len(sentences))
        pool = max(_POOL * schedule.batch // max(int(lengths.mean()), 1), 1)
        batches: list[np.ndarray] = []
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            batches += parted(part[np.argsort(lengths[part], kind="stable")], lengths, schedule.batch)
        for index in generator.permutation(len(batches)):
            yield padded(sentences, batches[index], schedule.symbols_first)
        epoch += 1


def parted(order: np.ndarray, lengths: np.ndarray, batch: int) -> list[np.ndarray]:
    """Cut molecules, in order of rising length, into batches of at most ``batch`` symbols (one molecule at least)."""
    parts, start = [], 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end + 1 - start) * (int(lengths[order[end]]) + 1) > batch:
            parts.append(order[start:end])
            start = end
    return parts


def padded(sentences: Sentences, rows: Sequence[int] | np.ndarray, symbols_first: bool = False) -> Batch:
    """Return molecules as the rows of a batch."""
    lengths = np.array([len(sentences.symbols[row]) for row in rows])
    starts = lengths + 1 if symbols_first else np.zeros_like(lengths)
    width = int((starts + lengths).max()) + 2
    symbols = np.full((len(rows), width), BOUNDARY)
    codes = np.full((len(rows), width), NO_CODE)
    columns = np.arange(width)
    first = columns < starts[:, None]
    for index, (row, start, length) in enumerate(zip(rows, starts.tolist(), lengths.tolist(), strict=True)):
        if symbols_first:
            symbols[index, 1 : length + 1] = sentences.symbols[row]
        symbols[index, start + 1 : start + length + 1] = sentences.symbols[row]
        codes[index, start + 1 : start + length + 1] = sentences.codes[row]
    positions = np.where(first, columns, columns - starts[:, None])
    return Batch(
        *map(torch.from_numpy, (symbols, codes, positions)), torch.from_numpy(first) if symbols_first else None
    )
