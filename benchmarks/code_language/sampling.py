"""Drawing molecules from a model, many at a time: from nothing, or codes for given symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from biomatrix.entities import MoleculeCodes
from biomatrix.entities.molecule.selfies import index_symbols_after
from code_language.model import Cache, CodeLanguageModel
from code_language.sentences import BOUNDARY, NO_CODE

_AT_ONCE = 256


def draw(
    model: CodeLanguageModel, alphabet: Sequence[str], count: int, seed: int, longest: int, temperature: float = 1.0
) -> list[MoleculeCodes | None]:
    """Return molecules drawn from nothing; None where one did not end within ``longest`` symbols."""
    drawn: list[MoleculeCodes | None] = []
    for start in range(0, count, _AT_ONCE):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        rows = min(_AT_ONCE, count - start)
        drawn += _draw_rows(model, alphabet, rows, None, longest, temperature, generator)
    return drawn


def draw_codes(
    model: CodeLanguageModel,
    alphabet: Sequence[str],
    symbols: Sequence[NDArray[np.int64]],
    seed: int,
    symbols_first: bool = False,
    temperature: float = 1.0,
) -> list[MoleculeCodes | None]:
    """Return molecules with the symbols given and codes drawn.

    With ``symbols_first`` the model reads all symbols before it says the first code; otherwise each symbol is forced
    when its turn comes, and a code is drawn without knowing the symbols after it.
    """
    order = np.argsort([len(row) for row in symbols], kind="stable")
    drawn: list[MoleculeCodes | None] = [None] * len(symbols)
    for start in range(0, len(order), _AT_ONCE):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        part = order[start : start + _AT_ONCE]
        width = max(len(symbols[row]) for row in part) + 1
        forced = np.full((len(part), width), BOUNDARY)
        for index, row in enumerate(part):
            forced[index, : len(symbols[row])] = symbols[row]
        symbols_T = torch.from_numpy(forced)
        cache = _read_first(model, symbols_T) if symbols_first else None
        made = _draw_rows(model, alphabet, len(part), symbols_T, width, temperature, generator, cache)
        for row, molecule in zip(part.tolist(), made, strict=True):
            drawn[row] = molecule
    return drawn


@torch.inference_mode()
def _read_first(model: CodeLanguageModel, forced_RT: Tensor) -> Cache:
    """Return the cache after the boundary and the symbols of each molecule."""
    symbols_RT = torch.cat((torch.full_like(forced_RT[:, :1], BOUNDARY), forced_RT[:, :-1]), dim=1)
    visible_RT = symbols_RT != BOUNDARY
    visible_RT[:, 0] = True
    cache = Cache(model.sizes.layers, visible_RT)
    positions_RT = torch.arange(symbols_RT.shape[1]).expand_as(symbols_RT)
    model(symbols_RT, torch.full_like(symbols_RT, NO_CODE), positions_RT, torch.ones_like(visible_RT), cache)
    return cache


@torch.inference_mode()
def _draw_rows(
    model: CodeLanguageModel,
    alphabet: Sequence[str],
    count: int,
    forced: Tensor | None,
    longest: int,
    temperature: float,
    generator: torch.Generator,
    cache: Cache | None = None,
) -> list[MoleculeCodes | None]:
    owes = torch.tensor([index_symbols_after(symbol) for symbol in alphabet])
    all_symbols = torch.full((count, longest + 1), BOUNDARY)
    all_codes = torch.full((count, longest + 1), NO_CODE)
    rows = torch.arange(count)
    owed = torch.zeros(count, dtype=torch.int64)
    symbols, codes = all_symbols[:, 0], all_codes[:, 0]
    cache = cache or Cache(model.sizes.layers)
    for step in range(longest + 1):
        places = torch.full((len(rows), 1), step)
        known = model(symbols[:, None], codes[:, None], places, cache=cache)[:, 0]
        if forced is not None:
            symbols = forced[rows, step] if step < forced.shape[1] else torch.full_like(symbols, BOUNDARY)
        else:
            symbols = chosen(model.symbol_logits(known), temperature, generator)
        going = symbols != BOUNDARY
        if not going.all():
            cache.keep(going.nonzero()[:, 0])
            rows, symbols, known, owed = rows[going], symbols[going], known[going], owed[going]
        if not len(rows):
            break
        is_index = owed > 0
        owed = torch.where(is_index, owed - 1, owes[symbols])
        is_atom = ~is_index & (owed == 0)
        codes = torch.full_like(symbols, NO_CODE)
        if is_atom.any():
            codes[is_atom] = chosen(model.code_logits(known[is_atom], symbols[is_atom]), temperature, generator)
        all_symbols[rows, step] = symbols
        all_codes[rows, step] = codes
    unended = set(rows.tolist())
    return [
        None if row in unended else _molecule(alphabet, all_symbols[row].numpy(), all_codes[row].numpy())
        for row in range(count)
    ]


def chosen(logits: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """Return one index a row [R], drawn at a temperature; the likeliest where it is 0."""
    if not temperature:
        return logits.argmax(dim=-1)
    odds = torch.softmax(logits.float() / temperature, dim=-1)
    return torch.multinomial(odds, 1, generator=generator)[:, 0]


def _molecule(alphabet: Sequence[str], symbols: NDArray[np.int64], codes: NDArray[np.int64]) -> MoleculeCodes:
    end = int(np.argmax(symbols == BOUNDARY))
    return MoleculeCodes(tuple(alphabet[k] for k in symbols[:end].tolist()), codes[:end].astype(np.int16))
