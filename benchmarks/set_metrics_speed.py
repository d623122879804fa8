"""How long the set metrics of molecules and the TM-scores of structures take, and how plain loops fare beside them.

    python benchmarks/set_metrics_speed.py [--molecules 10000] [--smiles FILE.parquet] [--pairs 500] [--residues 300]
        [--part 10] [--workers 2] [--skip-plain]

Molecules are made by joining common fragments, so that nothing is downloaded, or are those of the column ``smiles`` of
a file; structures are noisy copies of random helical walks. Times are the processor seconds of the busier of at most
two processes, so that other work on the machine does not count, and those by the clock. Exits with 1 where a target is
missed.
"""

from __future__ import annotations

import argparse
import random
import sys
from functools import partial

import numpy as np
from timing import timed, verdict

RINGS = ("c1ccccc1{}", "c1ccncc1{}", "C1CCNCC1{}", "c1ccc2[nH]ccc2c1{}", "C1CCCC1{}", "c1csc(n1){}", "C1COCCN1{}")
LINKS = ("C(=O)N", "CCO", "CNC", "S(=O)(=O)N", "COC(=O)", "CC", "C(C)N", "NC(=O)N")
ENDS = ("C", "CC", "C(F)(F)F", "OC", "Cl", "C#N", "N(C)C", "C(=O)O", "F")


def molecules(number: int, seed: int) -> list[str]:
    """Return SMILES of two rings, a link and an end or two, one in fifty broken."""
    rng = random.Random(seed)
    made = []
    for _ in range(number):
        inner = rng.choice(RINGS).format(rng.choice(ENDS)).replace("1", "3").replace("2", "4")
        smiles = rng.choice(RINGS).format(rng.choice(LINKS) + "C" * rng.randrange(4) + inner)
        made.append(smiles[:-1] + "(" if rng.random() < 0.02 else smiles)
    return made


def plain_moses(generated: list[str], train: list[str], test: list[str]) -> None:
    """Compute the same suite molecule by molecule and pair by pair with RDKit."""
    from collections import Counter

    from rdkit import Chem, DataStructs, RDLogger
    from rdkit.Chem import rdFingerprintGenerator
    from rdkit.Chem.Scaffolds import MurckoScaffold

    RDLogger.DisableLog("rdApp.*")
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    sides = []
    for smiles in (generated, test):
        mols = [mol for each in smiles if (mol := Chem.MolFromSmiles(each)) is not None]
        names = [Chem.MolToSmiles(mol) for mol in mols]
        mols = [Chem.MolFromSmiles(name) for name in names]
        fragments = Counter(
            piece for mol in mols for piece in Chem.MolToSmiles(Chem.FragmentOnBRICSBonds(mol)).split(".")
        )
        scaffolds = Counter(Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol)) for mol in mols)
        sides.append((names, [generator.GetFingerprint(mol) for mol in mols], fragments, scaffolds))
    names, prints, _, _ = sides[0]
    len(set(names) - set(train))
    for each in prints:
        row = np.array(DataStructs.BulkTanimotoSimilarity(each, prints))
        np.sqrt((row**2).mean())
        max(DataStructs.BulkTanimotoSimilarity(each, sides[1][1]))


def structures(number: int, residues: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of CA traces: a walk of helices and turns, and a noisy copy bent at its middle."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(number):
        turn = np.cumsum(np.where(rng.random(residues) < 0.05, rng.uniform(0, 6, residues), np.radians(100)))
        axis = np.cumsum(rng.normal(size=(residues, 3)) * 0.3 + 0.9, axis=0)
        points = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), np.zeros(residues)], axis=1) + axis
        other = points + rng.normal(size=points.shape) * rng.uniform(0.3, 3.0)
        other[residues // 2 :] += rng.normal(size=3) * 4
        pairs.append((other, points))
    return pairs


def plain_tm_score(moving: np.ndarray, fixed: np.ndarray) -> float:
    """Return the TM-score searched fragment by fragment, one superposition at a time, as the original program does."""
    n = len(fixed)
    d0 = max(1.24 * np.cbrt(n - 15) - 1.8, 0.5)
    best = 0.0
    for size in sorted({n, max(n // 2, 4), max(n // 4, 4)}):
        for start in range(0, n - size + 1, max(size // 2, 1)):
            chosen = np.zeros(n, dtype=bool)
            chosen[start : start + size] = True
            for _ in range(20):
                centre, other = moving[chosen].mean(axis=0), fixed[chosen].mean(axis=0)
                left, _, right = np.linalg.svd((moving[chosen] - centre).T @ (fixed[chosen] - other))
                turn = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
                placed = (moving - centre) @ left @ turn @ right + other
                distance = np.sqrt(((placed - fixed) ** 2).sum(axis=1))
                best = max(best, float((1 / (1 + (distance / d0) ** 2)).sum() / n))
                near = distance < max(d0, 4.5)
                if near.sum() < 3 or (near == chosen).all():
                    break
                chosen = near
    return best


def sets_of(options: argparse.Namespace) -> list[list[str]]:
    """Return generated, training and test molecules."""
    if options.smiles is None:
        return [molecules(options.molecules, seed) for seed in (1, 2, 3)]
    import pyarrow.parquet as pq

    column = [each.strip() for each in pq.read_table(options.smiles, columns=["smiles"])["smiles"].to_pylist()]
    drawn = random.Random(0).sample(column, 3 * options.molecules)
    return [drawn[part::3] for part in range(3)]


def time_molecules(options: argparse.Namespace) -> bool:
    """Print how long the suite takes, and return whether that is short enough."""
    from biomatrix.metrics.moses import moses

    generated, train, test = sets_of(options)
    ours = timed(partial(moses, generated, train, test, workers=options.workers))
    print(
        f"MOSES suite, {len(generated)} generated, {len(train)} train, {len(test)} test: {ours.processor:.1f} s, "
        f"by the clock {ours.wall:.1f} s; processor seconds in all {ours.total:.1f}"
    )
    print("  " + ", ".join(f"{name} {score.value:.4f}" for name, score in ours.result.items()))
    if not options.skip_plain:
        plain = timed(partial(plain_moses, generated, train, test))
        print(f"  plain RDKit loop: {plain.processor:.1f} s; {plain.processor / ours.processor:.1f} times as long")
    return verdict("MOSES suite on 10,000", ours.processor, 30.0, "s", at_most=True)


def time_structures(options: argparse.Namespace) -> bool:
    """Print how long TM-scores and TM-align take, and return whether the latter is short enough."""
    from biomatrix.metrics.superposition import tm_score
    from biomatrix.metrics.tm_align.aligner import tm_align, tm_align_each

    pairs, residues = options.pairs, options.residues
    made = structures(pairs, residues, 1)
    few = made[: options.part]
    ours = timed(lambda: [tm_score(*pair) for pair in made])
    print(f"TM-score, {pairs} pairs of {residues} residues, residue by residue: {ours.processor:.1f} s")
    plain = timed(lambda: [plain_tm_score(*pair) for pair in few])
    apart = np.abs(np.array(ours.result[: len(few)]) - np.array(plain.result)).max()
    each = plain.processor / len(few)
    print(f"  plain loop, from {len(few)}: {each * pairs:.1f} s, at most {apart:.4f} apart; ", end="")
    print(f"{each * pairs / ours.processor:.1f} times as long")
    aligned = timed(partial(tm_align_each, made, options.workers))
    print(
        f"TM-align, {pairs} pairs of {residues} residues: {aligned.processor:.1f} s, by the clock "
        f"{aligned.wall:.1f} s; processor seconds of a pair {aligned.total / pairs:.3f}"
    )
    alone = timed(lambda: [tm_align(*pair) for pair in few])
    apart = np.abs(np.array(aligned.result[: len(few)]) - np.array(alone.result)).max()
    each = alone.processor / len(few)
    print(f"  pair by pair, {len(few)} of them: {each:.3f} s a pair, at most {apart:.0e} apart; ", end="")
    print(f"{each * pairs / aligned.processor:.1f} times as long")
    return verdict("TM-align of 500 pairs of 300", aligned.processor, 60.0, "s", at_most=True)


def main() -> int:
    """Read the options and time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--molecules", type=int, default=10_000, help="0 to leave them out")
    parser.add_argument("--smiles", help="Parquet file of molecules")
    parser.add_argument("--pairs", type=int, default=500, help="0 to leave them out")
    parser.add_argument("--residues", type=int, default=300)
    parser.add_argument(
        "--part", type=int, default=10, help="pairs that the plain loop and TM-align alone are timed on"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes at most; 1 for this one alone")
    parser.add_argument("--skip-plain", action="store_true", help="leave out the plain loop of the MOSES suite")
    options = parser.parse_args()
    options.part = min(options.part, options.pairs)
    met = [time_molecules(options)] if options.molecules else []
    met += [time_structures(options)] if options.pairs else []
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
