"""Decontamination: what is planted from a test set is found, and nothing else is lost.

Test molecules and sequences are drawn, an index of them is built, and a corpus of records that has some of them planted
passes by: test molecules in other spellings, molecules one atom away, whole sequences, pieces of them, mutated ones,
and test questions inside other text. Prints the share that is found, the share of the others that is lost, and records
per second. Every row is in a random order of atoms, a random place, or random company, seeded.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.corpus.decontamination.index import TestIndex, build_index
from biomatrix.corpus.decontamination.judging import contamination
from biomatrix.corpus.decontamination.test_sets import TestSet, TestSets
from biomatrix.corpus.deduplication.signatures import agreement, band_keys, bands_of, signature
from biomatrix.corpus.records import TEXT, Record
from biomatrix.corpus.selection_recipes import DecontaminationRecipe, TestSetRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.entities import Molecule, Protein

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
WORDS = [f"{first}{second}" for first in "bcdfghjklmnprstvw" for second in ("ado", "eli", "oru", "uma", "ine", "asto")]
Rng = np.random.Generator


def molecules(rng: Rng, count: int) -> list[str]:
    """Return distinct molecules: chains and rings with substituents, by their canonical SMILES."""
    cores = ["c1ccccc1", "c1ccncc1", "C1CCNCC1", "c1ccc2[nH]ccc2c1", "C1CCOC1", "c1csc(N)n1"]
    groups = ["O", "N", "F", "Cl", "C(=O)O", "C(=O)N", "C#N", "OC", "S(=O)(=O)N", "Br"]
    found: dict[str, None] = {}
    while len(found) < count:
        tail = "".join(rng.choice(["C", "CC", "C(C)", "N", "O", "C(=O)"], size=rng.integers(2, 9)))
        text = str(rng.choice(groups)) + tail + str(rng.choice(cores))
        with BlockLogs():
            mol = Chem.MolFromSmiles(text)
        if mol is not None:
            found[Chem.MolToSmiles(mol)] = None
    return list(found)


def sequences(rng: Rng, count: int) -> list[str]:
    """Return sequences of 60 to 500 residues."""
    return ["".join(rng.choice(list(LETTERS), size=rng.integers(60, 500))) for _ in range(count)]


def questions(rng: Rng, count: int) -> list[str]:
    """Return texts of 20 to 60 words."""
    return [" ".join(rng.choice(WORDS, size=rng.integers(20, 60))) for _ in range(count)]


def write_tests(folder: Path, smiles: Sequence[str], chains: Sequence[str], texts: Sequence[str]) -> list[TestSet]:
    """Write test sets as files of their own, and return them as a recipe describes them."""
    found = []
    for name, kind, column, values in (
        ("molecules", "molecule", "entity", smiles),
        ("proteins", "protein", "entity", chains),
        ("texts", None, "words", texts),
    ):
        (folder / f"{name}.csv").write_text(column + "\n" + "\n".join(values) + "\n")
        about: dict[str, Any] = {"name": name, "reader": "csv", "files": [f"{name}.csv"]}
        about |= {"kind": kind, "entity": column} if kind else {"fields": {column: "text"}}
        entry = TestSetRecipe.model_validate(about)
        found.append(TestSet(name, (), open_source(entry, folder).fingerprint, folder=folder, entry=entry))
    return found


def respelled(rng: Rng, smiles: str) -> str:
    return str(Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=int(rng.integers(1, 2**30)))[0])


def mutated(rng: Rng, chain: str, kept: float) -> str:
    return "".join(letter if rng.random() < kept else str(rng.choice(list(LETTERS))) for letter in chain)


def spliced(rng: Rng, chain: str, length: int) -> str:
    start = int(rng.integers(0, len(chain) - length + 1))
    left, right = ("".join(rng.choice(list(LETTERS), size=50)) for _ in range(2))
    return left + chain[start : start + length] + right


def quoted(rng: Rng, text: str, length: int) -> str:
    words = text.split()
    start = int(rng.integers(0, len(words) - length + 1))
    run = ", ".join(words[start : start + length]).upper()
    return " ".join(["Said once:", *rng.choice(WORDS, size=30), run, *rng.choice(WORDS, size=30)])


def molecule(smiles: str) -> Record:
    return Record("corpus", "1", "molecule", entity=Molecule.from_smiles(smiles))


def protein(letters: str) -> Record:
    return Record("corpus", "1", "protein", entity=Protein(letters))


def text(words: str) -> Record:
    return Record("corpus", "1", TEXT, fields={"text": words})


def planted(rng: Rng, tests: tuple[list[str], list[str], list[str]]) -> Iterator[tuple[str, list[Record]]]:
    """Yield what is planted, by what it is."""
    smiles, chains, texts = tests
    yield "molecules, atoms in another order", [molecule(respelled(rng, one)) for one in smiles]
    yield "proteins, whole", [protein(one) for one in chains]
    for length in (40, 20):
        yield f"proteins, {length} residues in a row", [protein(spliced(rng, one, length)) for one in chains]
    for kept in (0.95, 0.9, 0.8):
        yield f"proteins, {kept:.0%} of residues kept", [protein(mutated(rng, one, kept)) for one in chains]
    for length in (20, 13):
        yield f"texts, {length} words in a row", [text(quoted(rng, one, length)) for one in texts]
    yield "texts, 12 words in a row (kept by the rule)", [text(quoted(rng, one, 12)) for one in texts]


def others(rng: Rng, count: int, known: Sequence[str]) -> list[Record]:
    """Return records that share nothing with the tests: other molecules, sequences and texts."""
    shown = set(known)
    fresh = [one for one in molecules(rng, 2 * count) if one not in shown][:count]
    return [
        *map(molecule, fresh),
        *map(protein, sequences(rng, count)),
        *map(text, questions(rng, count)),
    ]


def found_share(records: Sequence[Record], index: TestIndex) -> tuple[float, float]:
    """Return the share of records that an index refuses, and records per second."""
    started = time.perf_counter()
    hits = sum(contamination(record, index) is not None for record in records)
    return hits / len(records), len(records) / (time.perf_counter() - started)


def minhash_table(rng: Rng, threshold: float, permutations: int, pairs: int) -> None:
    """Print the share of pairs of sets that are taken for near-duplicates, by their Jaccard similarity."""
    bands = bands_of(threshold, permutations)
    print(f"\nMinHash, threshold {threshold}, {permutations} values in {bands.bands} bands of {bands.rows}")
    print(f"{'Jaccard':>8}{'found':>9}")
    for similarity in (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5):
        found = 0
        for _ in range(pairs):
            size = 300
            shared = round(2 * size * similarity / (1 + similarity))
            values = rng.integers(0, 2**63, 2 * size - shared, dtype=np.uint64)
            first, second = (signature(part, permutations) for part in (values[:size], values[size - shared :]))
            met = bool((band_keys(first, bands) == band_keys(second, bands)).any())
            found += met and agreement(first, second) >= threshold
        print(f"{similarity:>8}{found / pairs:>9.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="test rows of each kind, and three times as many others")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    tests = molecules(rng, options.count), sequences(rng, options.count), questions(rng, options.count)
    fine = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sets = TestSets(tuple(write_tests(folder, *tests)), {})
        for title, settings in (
            ("defaults", {}),
            ("with containment 0.5 and Tanimoto 0.9", {"containment": 0.5, "tanimoto": 0.9}),
        ):
            index = TestIndex(build_index(sets, DecontaminationRecipe.model_validate(settings), folder))
            print(f"\n{title}\n{'planted':46}{'found':>8}{'records/s':>12}")
            seeded = np.random.default_rng(options.seed + 1)
            for what, records in planted(seeded, tests):
                share, rate = found_share(records, index)
                print(f"{what:46}{share:>8.3f}{rate:>12,.0f}")
                whole = any(mark in what for mark in ("another order", "whole", "20 residues", "13 words"))
                fine &= share == 1.0 or not whole
            share, rate = found_share(others(seeded, options.count, tests[0]), index)
            print(f"{'none of these (refused without reason)':46}{share:>8.3f}{rate:>12,.0f}")
            fine &= share == 0.0 or bool(settings)
    minhash_table(rng, 0.8, 128, 200)
    print("\nidentities, stretches and runs of words all found, nothing else lost:", "yes" if fine else "NO")
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
