"""The small model that benchmarks compare codes with: what it is trained on, what it says, what it draws."""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from biomatrix.entities.molecule.selfies import atom_mask

ROOT = Path(__file__).resolve().parents[2] / "benchmarks"
ALPHABET = ("", "[C]", "[N]", "[=Branch1]", "[Ring1]", "[H]")
CODES = 7


@pytest.fixture(scope="module")
def rooms() -> dict[str, ModuleType]:
    sys.path.insert(0, str(ROOT))
    try:
        names = ("corpus", "entropy", "model", "sampling", "sentences", "training")
        return {name: importlib.import_module(f"code_language.{name}") for name in names}
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def sentences(rooms):  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    symbols = [generator.integers(1, len(ALPHABET), size=size) for size in generator.integers(3, 30, size=80)]
    masks = [atom_mask([ALPHABET[k] for k in row]) for row in symbols]
    codes = [np.where(mask, (row * 3) % CODES, -1) for row, mask in zip(symbols, masks, strict=True)]
    return rooms["corpus"].Sentences(symbols, codes, np.arange(len(symbols)))


@pytest.fixture(scope="module")
def model(rooms):  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    return rooms["model"].CodeLanguageModel(rooms["model"].Sizes(len(ALPHABET), CODES, 32, 2, 2)).eval()


@pytest.mark.parametrize("symbols_first", [False, True])
def test_bits_do_not_depend_on_how_molecules_are_batched(rooms, sentences, model, symbols_first) -> None:  # type: ignore[no-untyped-def]
    apart, together = (rooms["training"].measure(model, sentences, batch, symbols_first) for batch in (1, 4000))
    assert apart.symbols == pytest.approx(together.symbols, rel=1e-5)
    assert apart.codes == pytest.approx(together.codes, rel=1e-5)
    assert apart.num_symbols == sum(len(row) + 1 for row in sentences.symbols)
    assert apart.num_atoms == sentences.num_atoms


def test_reading_step_by_step_says_the_same_as_reading_at_once(rooms, sentences, model) -> None:  # type: ignore[no-untyped-def]
    batch = rooms["training"].padded(sentences, [3, 4, 5])
    at_once = model(batch.symbols, batch.codes, batch.positions)
    cache = rooms["model"].Cache(model.sizes.layers)
    columns = [[k] for k in range(batch.symbols.shape[1])]
    steps = [model(batch.symbols[:, k], batch.codes[:, k], batch.positions[:, k], cache=cache) for k in columns]
    assert torch.allclose(torch.cat(steps, dim=1), at_once, atol=1e-5)


def test_symbols_read_first_are_known_in_every_later_step(rooms, sentences, model) -> None:  # type: ignore[no-untyped-def]
    rows = [3, 4, 5]
    batch = rooms["training"].padded(sentences, rows, symbols_first=True)
    at_once = model(batch.symbols, batch.codes, batch.positions, batch.first)
    forced = rooms["training"].padded(sentences, rows)
    with torch.inference_mode():
        cache = rooms["sampling"]._read_first(model, forced.given_symbols)
        for step in range(forced.symbols.shape[1]):
            known = model(forced.symbols[:, [step]], forced.codes[:, [step]], forced.positions[:, [step]], cache=cache)
            for index, row in enumerate(rows):
                length = len(sentences.symbols[row])
                if step <= length:
                    assert torch.allclose(known[index, 0], at_once[index, length + 1 + step], atol=1e-5)


def test_every_epoch_holds_every_molecule_once(rooms, sentences) -> None:  # type: ignore[no-untyped-def]
    batches = rooms["training"].endless_batches(sentences, rooms["training"].Schedule(steps=1, batch=200, seed=1))
    read: list[tuple[int, ...]] = []
    while len(read) < len(sentences):
        symbols = next(batches).symbols
        assert symbols.numel() <= 200 + 2 * len(symbols)
        read += [tuple(row[row > 0].tolist()) for row in symbols]
    assert sorted(read) == sorted(tuple(row.tolist()) for row in sentences.symbols)


def test_training_learns_what_a_symbol_decides(rooms, sentences) -> None:  # type: ignore[no-untyped-def]
    sizes = rooms["model"].Sizes(len(ALPHABET), CODES, 32, 2, 2)
    schedule = rooms["training"].Schedule(steps=120, batch=400, rate=1e-2, warmup=10, bf16=False)
    trained = rooms["training"].train(sentences, sizes, schedule)
    figures = rooms["training"].measure(trained, sentences).figures()
    assert figures["code part, bits / atom"] < 0.2 * math.log2(CODES)
    counted = rooms["entropy"].counted_entropies(sentences, sentences, CODES)
    assert counted["unigram code given symbol, bits / atom"] < 0.2


def test_drawn_codes_stand_where_atoms_are(rooms, sentences, model) -> None:  # type: ignore[no-untyped-def]
    sampling = rooms["sampling"]
    for symbols_first in (False, True):
        forced = sampling.draw_codes(model, ALPHABET, sentences.symbols, 0, symbols_first)
        for row, molecule in zip(sentences.symbols, forced, strict=True):
            assert molecule.symbols == tuple(ALPHABET[k] for k in row)
            assert np.array_equal(molecule.codes >= 0, atom_mask(molecule.symbols))
    free = sampling.draw(model, ALPHABET, 50, seed=0, longest=40)
    ended = [molecule for molecule in free if molecule is not None]
    assert len(free) == 50
    assert ended
    for molecule in ended:
        assert len(molecule) <= 40
        assert np.array_equal(molecule.codes >= 0, atom_mask(molecule.symbols))
    again = sampling.draw(model, ALPHABET, 50, seed=0, longest=40)
    for first, second in zip(free, again, strict=True):
        assert (first is None) == (second is None)
        assert first is None or (first.symbols == second.symbols and np.array_equal(first.codes, second.codes))


def test_uniform_codes_cost_what_they_must(rooms) -> None:  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    rows = [np.ones(40, dtype=np.int64) for _ in range(300)]
    codes = [generator.integers(CODES, size=40) for _ in rows]
    sentences = rooms["corpus"].Sentences(rows, codes, np.arange(len(rows)))
    counted = rooms["entropy"].counted_entropies(sentences, sentences, CODES)
    for bits in counted.values():
        assert bits == pytest.approx(math.log2(CODES), abs=0.02)
