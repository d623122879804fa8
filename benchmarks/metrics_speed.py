"""The time of metrics against straightforward code in one run, with equal results.

    python benchmarks/metrics_speed.py smiles --shared ../shared --rows 1000

``smiles``: SMolInstruct's scores of molecules (exact match by InChI, three similarities, validity, shared components)
on the retrosynthesis test split of USPTO-50K, the references of one benchmark answered by several models or seeds.
Answers are made from real reactants: 55% right (half of these in another spelling), 40% the reactants of another
reaction of the training split, 4% broken, 1% empty; two runs give the same answer to a question in six of ten cases.
The peer scores each answer as the official loop does: every string is canonicalised, every InChI and fingerprint
computed where it is needed.
Three ratios are printed: the first run from nothing, all runs from nothing, and all runs again; each by the processor
seconds of the busier of at most two processes (the peer is one), and by the clock.
Exits with 1 where results differ, or the first run from nothing gains less than ``--at-least``.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import MACCSkeys, rdFingerprintGenerator
from timing import Timed, timed, verdict

from biomatrix.metrics.parsed_molecules import forget_molecules
from biomatrix.metrics.smolinstruct.canonical import forget_canonical
from biomatrix.metrics.smolinstruct.rewriting import copied_by_atoms, rewritten
from biomatrix.metrics.smolinstruct.smiles import smiles_scores

NAMES = ("em", "fts", "maccs_fts", "rdk_fts", "validity", "intersection", "subset")


def plain_component(part: str) -> str | None:
    """Return a component in canonical form by the steps of the official code, none left out."""
    mol = Chem.MolFromSmiles(part) if part else None
    if mol is None:
        return None
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
    smiles = Chem.MolToSmiles(mol)
    for _ in range(2):
        smiles = Chem.MolToSmiles(Chem.MolFromSmiles(smiles))
    written = rewritten(smiles, copied_by_atoms)
    mol = None if written is None else Chem.MolFromSmiles(written)
    return None if mol is None else str(Chem.MolToSmiles(mol, kekuleSmiles=True))


def plain_canonical(smiles: str) -> str | None:
    """Return the sorted components, None where one is bad."""
    parts = [plain_component(part) for part in smiles.split(".")]
    return None if None in parts else ".".join(sorted(part for part in parts if part is not None))


def plain_inchis(smiles: str) -> set[str]:
    """Return the InChIs of the components."""
    return {Chem.MolToInchi(Chem.MolFromSmiles(part), logLevel=None) for part in smiles.split(".")}


def plain_scores(references: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Return the values of :data:`NAMES` by a loop over the answers."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    kinds: dict[str, Callable[[Chem.Mol], object]] = {
        "fts": generator.GetSparseCountFingerprint,
        "maccs_fts": MACCSkeys.GenMACCSKeys,
        "rdk_fts": Chem.RDKFingerprint,
    }
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for reference, prediction in zip(references, predictions, strict=True):
        answer, gold = plain_canonical(prediction) if prediction else None, plain_canonical(reference)
        assert gold is not None
        found["validity"].append(float(answer is not None))
        if answer is None:
            for name in ("em", "intersection", "subset"):
                found[name].append(0.0)
            continue
        found["em"].append(float(plain_inchis(answer) == plain_inchis(gold)))
        mine, theirs = plain_inchis(answer), plain_inchis(gold)
        found["intersection"].append(float(bool(mine & theirs)))
        found["subset"].append(float(mine <= theirs))
        first, second = Chem.MolFromSmiles(gold), Chem.MolFromSmiles(answer)
        for name, kind in kinds.items():
            found[name].append(DataStructs.TanimotoSimilarity(kind(first), kind(second)))
    return {name: sum(values) / len(values) for name, values in found.items()}


def runs_of(references: Sequence[str], pool: Sequence[str], runs: int, seed: int) -> list[list[str]]:
    """Return the answers of several models to the same questions; wrong ones are drawn from the pool."""
    draw = random.Random(seed)
    first = [_answer(reference, pool, draw) for reference in references]
    later = [
        [_answer(one, pool, draw) if draw.random() < 0.4 else old for old, one in zip(first, references, strict=True)]
        for _ in range(runs - 1)
    ]
    return [first, *later]


def _answer(reference: str, pool: Sequence[str], draw: random.Random) -> str:
    number = draw.random()
    if number < 0.275:
        return str(Chem.MolToSmiles(Chem.MolFromSmiles(reference)))
    if number < 0.55:
        mol = Chem.MolFromSmiles(reference)
        return str(Chem.MolToSmiles(mol, doRandom=True))
    if number < 0.95:
        return draw.choice(pool)
    return reference[: len(reference) // 2] + "(" if number < 0.99 else ""


def smiles_section(arguments: argparse.Namespace) -> bool:
    """Print the ratios and return whether results agree and the gain is large enough."""
    table = pq.read_table(arguments.shared / "data" / "reaction" / "uspto50k" / "uspto50k_seq2seq_split.parquet")
    reactants = {split: [] for split in set(table["split"].to_pylist())}
    for row in table.to_pylist():
        reactants[row["split"]].append(row["reactants"])
    references = [one for one in reactants["test"] if Chem.MolFromSmiles(one) is not None][: arguments.rows]
    runs = runs_of(references, reactants["train"], arguments.runs, arguments.seed)
    accepted = [[reference] for reference in references]
    ours = partial(_our_scores, accepted, workers=arguments.workers)
    plain = [timed(partial(plain_scores, references, answers)) for answers in runs]
    forget_molecules()
    forget_canonical()
    cold = [timed(partial(ours, answers)) for answers in runs]
    warm = [timed(partial(ours, answers)) for answers in runs]
    same = all(
        math.isclose(one.result[name], two.result[name], abs_tol=1e-9)
        for found in (cold, warm)
        for one, two in zip(plain, found, strict=True)
        for name in NAMES
    )
    answers = [answer for run in runs for answer in run]
    print(
        f"smiles: {len(references)} questions, {len(runs)} runs, {len(set(answers))} of {len(answers)} answers distinct"
    )
    print(f"  results {'equal' if same else 'DIFFER'}: {', '.join(f'{n} {cold[0].result[n]:.4f}' for n in NAMES)}")
    gain = _compare("one run from nothing", plain[:1], cold[:1])
    _compare("all runs from nothing", plain, cold)
    _compare("all runs once more", plain, warm)
    return verdict("one run from nothing", gain, arguments.at_least, "times the plain loop", at_most=False) and same


def _our_scores(
    accepted: Sequence[Sequence[str]], answers: Sequence[str], workers: int | None = None
) -> dict[str, float]:
    return {name: score.value for name, score in smiles_scores(accepted, answers, workers).items()}


def _compare(name: str, plain: Sequence[Timed[object]], ours: Sequence[Timed[object]]) -> float:
    """Print and return how many times as fast we are."""
    theirs, mine = sum(each.processor for each in plain), sum(each.processor for each in ours)
    wall = sum(each.wall for each in plain) / sum(each.wall for each in ours)
    print(f"  {name:22s} {theirs:7.2f} s against {mine:6.2f} s: {theirs / mine:6.1f} times; by the clock {wall:.1f}")
    return theirs / mine


SECTIONS: dict[str, Callable[[argparse.Namespace], bool]] = {"smiles": smiles_section}


def main() -> int:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", default=list(SECTIONS), help=", ".join(SECTIONS))
    parser.add_argument("--shared", type=Path, required=True, help="folder of reference data")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5, help="models or seeds that answer the same questions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes at most; 1 for this one alone")
    parser.add_argument("--at-least", type=float, default=5.0)
    arguments = parser.parse_args()
    rdBase.DisableLog("rdApp.*")
    passed = [SECTIONS[name](arguments) for name in arguments.sections]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
