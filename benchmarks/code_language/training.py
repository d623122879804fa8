"""Training a model on sentences, and the bits it needs for others.

`fit` and `losses_of` take any batches; `train` and `measure` make those of molecules.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from code_language.model import CodeLanguageModel, Sizes
from code_language.sentences import BOUNDARY, NO_CODE, Sentences

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
    """What a model reads, a molecule or chain a row, and what it is to say after each position.

    Parameters
    ----------
    symbols, codes, positions : Tensor, shape=(R, T), dtype=int64
        As `CodeLanguageModel` takes them.
    first : Tensor, shape=(R, T), dtype=bool, optional
        Which positions are read first.
    wanted_symbols, wanted_codes : Tensor, shape=(R, T), dtype=int64
        What comes next; -1 where nothing is asked.
    given_symbols : Tensor, shape=(R, T), dtype=int64
        The symbol whose code is asked.
    num_tokens : int
        What the loss is divided by.
    """

    symbols: Tensor
    codes: Tensor
    positions: Tensor
    first: Tensor | None
    wanted_symbols: Tensor
    wanted_codes: Tensor
    given_symbols: Tensor
    num_tokens: int


def train(sentences: Sentences, sizes: Sizes, schedule: Schedule) -> CodeLanguageModel:
    """Return a model of molecules trained from scratch; the same for the same arguments and number of threads."""
    torch.manual_seed(schedule.seed)
    return fit(CodeLanguageModel(sizes), endless_batches(sentences, schedule), schedule)


def fit(model: CodeLanguageModel, batches: Iterable[Batch], schedule: Schedule) -> CodeLanguageModel:
    """Train a model on as many batches as the schedule has steps, and return it."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=schedule.rate, betas=(0.9, 0.98), weight_decay=schedule.decay, fused=True
    )
    started = said = time.monotonic()
    seen, losses = 0, [0.0, 0.0]
    for step, batch in enumerate(batches):
        if step == schedule.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * rate_share(step, schedule)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=schedule.bf16):
            symbol_loss, code_loss = losses_of(model, batch)
        ((symbol_loss + code_loss) / batch.num_tokens).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen += batch.num_tokens
        for which, loss in enumerate((symbol_loss, code_loss)):
            losses[which] = 0.95 * losses[which] + 0.05 * float(loss.detach()) / batch.num_tokens / math.log(2)
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
        part = padded(sentences, rows, symbols_first)
        symbol_loss, code_loss = losses_of(model, part)
        symbols += float(symbol_loss) / math.log(2)
        codes += float(code_loss) / math.log(2)
        tokens += part.num_tokens
        atoms += int((part.wanted_codes >= 0).sum())
    return Bits(symbols, codes, tokens, atoms, len(sentences))


def losses_of(model: CodeLanguageModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the summed losses of symbols and of codes in nats."""
    return losses_after(model, batch, model(batch.symbols, batch.codes, batch.positions, batch.first))


def losses_after(model: CodeLanguageModel, batch: Batch, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return the summed losses of symbols and of codes in nats, of what is known after each position [R, T, D]."""
    is_code = batch.wanted_codes >= 0
    code_logits = model.code_logits(known[is_code], batch.given_symbols[is_code]).float()
    code_loss = functional.cross_entropy(code_logits, batch.wanted_codes[is_code], reduction="sum")
    is_symbol = batch.wanted_symbols >= 0
    if not is_symbol.any():
        return torch.zeros(()), code_loss
    symbol_logits = model.symbol_logits(known[is_symbol]).float()
    return functional.cross_entropy(symbol_logits, batch.wanted_symbols[is_symbol], reduction="sum"), code_loss


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
    for rows in endless_rows(lengths, schedule):
        yield padded(sentences, rows, schedule.symbols_first)


def endless_rows(lengths: np.ndarray, schedule: Schedule) -> Iterator[np.ndarray]:
    """Yield batches of rows of about one length, epoch after epoch, in an order of the seed and the lengths alone."""
    epoch = 0
    while True:
        generator = np.random.default_rng((schedule.seed, epoch))
        order = generator.permutation(len(lengths))
        pool = max(_POOL * schedule.batch // max(int(lengths.mean()), 1), 1)
        batches: list[np.ndarray] = []
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            batches += parted(part[np.argsort(lengths[part], kind="stable")], lengths, schedule.batch)
        for index in generator.permutation(len(batches)):
            yield batches[index]
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
    wanted, wanted_codes = symbols[:, 1:], codes[:, 1:]
    # padding is a boundary after a boundary; the first boundary after a molecule is predicted
    is_read = np.concatenate((np.ones((len(rows), 1), dtype=bool), wanted[:, :-1] != BOUNDARY), axis=1)
    asked = is_read & ~first[:, 1:]
    wanted_symbols = np.full_like(wanted, -1) if symbols_first else np.where(asked, wanted, -1)
    return Batch(
        symbols=torch.from_numpy(symbols[:, :-1]),
        codes=torch.from_numpy(codes[:, :-1]),
        positions=torch.from_numpy(positions[:, :-1]),
        first=torch.from_numpy(first[:, :-1]) if symbols_first else None,
        wanted_symbols=torch.from_numpy(wanted_symbols),
        wanted_codes=torch.from_numpy(wanted_codes),
        given_symbols=torch.from_numpy(wanted),
        num_tokens=int(asked.sum()),
    )
