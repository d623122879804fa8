"""The SELFIES reader and writer against the selfies package: equal results, and the time of both in one run.

    python benchmarks/selfies_speed.py zinc250k.parquet chembl30_sample.parquet --count 100000

Takes SMILES from the column of that name in Parquet, CSV or tabbed files, or from the first column, plain or gzipped.
Every molecule is written without and with explicit hydrogens, with and without stereo marks, and read back with the
symbol each atom came from. Random symbol strings, half of them with symbols no encoder writes, are read by both.
Exits with 1 if any result differs.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import selfies
from rdkit import Chem, rdBase

from biomatrix.entities.molecule.selfies import read_symbols, symbols_of_smiles
from biomatrix.errors import DecodeError, UnsupportedError

ROUNDS = 3
PACKAGE_REFUSALS = (selfies.EncoderError, selfies.DecoderError, ValueError, LookupError, RecursionError, AssertionError)
ODD_SYMBOLS = (
    *(
        "[nop]",
        ".",
        "[epsilon]",
        "[CH4]",
        "[CH5]",
        "[CH0]",
        "[13CH1]",
        "[0C]",
        "[C@@H1]",
        "[/C@H1]",
        "[=N+1]",
        "[O-12]",
    ),
    *("[\\N]", "[/F]", "[-/Ring1]", "[\\/Ring2]", "[#Ring3]", "[Ring3]", "[Branch3]", "[=Branch3]", "[Fe+2]", "[Xx]"),
    *("[--Ring1]", "[Branch4]", "[c]", "[HH1]", "[H+1]", "[Si]", "[=Se]", "[#B-1]", "[$C]", "[*]", "[]", "[Og]"),
)


def smiles_of_file(path: Path) -> Iterator[str]:
    """Yield the SMILES of a file."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        column = next(name for name in table.column_names if "smiles" in name.lower())
        yield from (str(text) for text in table[column].to_pylist() if text)
        return
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        rows = csv.reader(lines, delimiter="," if ".csv" in path.name else "\t")
        column = 0
        for row in rows:
            names = [name.lower() for name in row]
            if "smiles" in names:
                column = names.index("smiles")
            elif len(row) > column:
                yield row[column].split(" ")[0].replace("\\\\", "\\")


def spellings(smiles: str) -> list[str]:
    """Return the SMILES of one molecule to compare: hydrogens implicit and explicit, stereo marks kept and dropped."""
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        return []
    found = []
    for form in (mol, Chem.AddHs(mol)):
        Chem.Kekulize(form, clearAromaticFlags=True)
        found += [Chem.MolToSmiles(form, kekuleSmiles=True, isomericSmiles=stereo) for stereo in (False, True)]
    return found


def written_by_package(smiles: str) -> tuple[str, ...] | None:
    """Return the symbols the package writes, None where it refuses."""
    try:
        return tuple(selfies.split_selfies(selfies.encoder(smiles)))
    except PACKAGE_REFUSALS:
        return None


def written_here(smiles: str) -> tuple[str, ...] | None:
    """Return the symbols this package writes, None where it refuses."""
    try:
        return symbols_of_smiles(smiles)
    except UnsupportedError:
        return None


def read_by_package(symbols: Iterable[str]) -> tuple[str, list[int]] | None:
    """Return the SMILES and the symbol of each atom by the package, None where it refuses."""
    try:
        smiles, maps = selfies.decoder("".join(symbols), attribute=True)
    except PACKAGE_REFUSALS:
        return None
    return smiles, [item.attribution[-1].index for item in maps if item.attribution and item.token[-1:] not in "=#/\\"]


def read_here(symbols: Iterable[str]) -> tuple[str, list[int]] | None:
    """Return the SMILES and the symbol of each atom by this package, None where it refuses."""
    try:
        graph = read_symbols(tuple(symbols))
    except DecodeError:
        return None
    return graph.smiles, graph.places.tolist()


def random_strings(count: int, seed: int) -> Iterator[list[str]]:
    """Yield symbol strings: from the robust alphabet, and every second with odd symbols strewn in."""
    chance = random.Random(seed)
    robust = sorted(selfies.get_semantic_robust_alphabet())
    for number in range(count):
        alphabet = robust + list(ODD_SYMBOLS) * (number % 2)
        kinds = [symbol for symbol in alphabet if "Branch" in symbol or "Ring" in symbol or number % 3]
        yield [chance.choice(kinds if chance.random() < 0.5 else alphabet) for _ in range(chance.randint(1, 80))]


def same_reading(symbols: list[str]) -> bool:
    """Return whether both packages read the same; places are compared where dots and padding do not shift them."""
    ours, theirs = read_here(symbols), read_by_package(symbols)
    if ours is None or theirs is None or "." in symbols or "[nop]" in symbols:
        return (ours and ours[0]) == (theirs and theirs[0])
    return ours == theirs


def measure(title: str, items: list[Any], ours: Callable[[Any], object], theirs: Callable[[Any], object]) -> None:
    """Print microseconds per item and their ratio; both take all items in turn, the best of a few rounds counts."""
    best = [[math.inf] * len(items), [math.inf] * len(items)]
    for _ in range(ROUNDS):
        for function, times in zip((ours, theirs), best, strict=True):
            for number, item in enumerate(items):
                started = time.perf_counter()
                function(item)
                times[number] = min(times[number], time.perf_counter() - started)
    own, package = (sum(times) / len(times) * 1e6 for times in best)
    print(f"{title:<44}{own:9.1f} us{package:10.1f} us{package / own:8.1f} x")


def main() -> int:
    """Compare and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="SMILES in Parquet, CSV or text")
    parser.add_argument("--count", type=int, default=100_000, help="SMILES, and random strings, to compare")
    parser.add_argument("--timed", type=int, default=2_000, help="of them to take the time of")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rdBase.DisableLog("rdApp.*")
    each = -(-options.count // max(len(options.files), 1))
    molecules = [text for path in options.files for text, _ in zip(smiles_of_file(path), range(each), strict=False)]
    different: list[object] = []
    compared = refused = 0
    kept: list[list[str]] = [[], [], [], []]
    for molecule in molecules[: options.count]:
        for form, smiles in zip(kept, spellings(molecule), strict=False):
            expected, found = written_by_package(smiles), written_here(smiles)
            compared += 1
            refused += expected is None
            if expected != found or (expected is not None and not same_reading(list(expected))):
                different.append(smiles)
            elif expected is not None and len(form) < options.timed:
                form.append(smiles)
    print(f"{len(molecules):,} molecules, {compared:,} SMILES compared, {refused:,} refused by both alike")
    strings = 0
    for symbols in random_strings(options.count, options.seed):
        strings += 1
        if not same_reading(symbols):
            different.append("".join(symbols))
    print(f"{strings:,} random symbol strings compared; {len(different)} results differ")
    for case in different[:10]:
        print(f"  {case}")
    print(f"{'a molecule':<44}{'ours':>12}{'selfies':>13}{'ratio':>10}")
    names = ("implicit H", "implicit H, stereo", "explicit H", "explicit H, stereo")
    for name, form in zip(names, kept, strict=True):
        if form:
            symbols_of_form = [symbols_of_smiles(smiles) for smiles in form]
            texts = ["".join(symbols) for symbols in symbols_of_form]
            measure(f"write, {name}", form, symbols_of_smiles, selfies.encoder)
            pairs = dict(zip(symbols_of_form, texts, strict=True))
            with_places = partial(selfies.decoder, attribute=True)
            measure(
                f"read with places, {name}",
                list(pairs),
                read_symbols,
                lambda symbols, pairs=pairs, read=with_places: read(pairs[symbols]),
            )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
