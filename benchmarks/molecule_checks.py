"""How the fast checks of conformers compare with PoseBusters, how long they take, and what relaxation mends.

    python benchmarks/molecule_checks.py CONFORMERS.parquet [--molecules 70] [--relax 100 --model nano]

Conformers of a table, as they are and perturbed: noise of 0.1 and 0.25 Angstrom on every atom, and one heavy atom moved
by 1.2 Angstrom. Prints, for each check that PoseBusters has too, both verdicts against each other; for each fast check
the share of real conformers that it fails (its false alarms) and of perturbed ones (what it finds); processor time of
both, with PoseBusters' cache of ensembles cold and warm. With ``--relax``, molecules that a model writes in 3D are
relaxed by MMFF94, and their checks counted before and after.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from biomatrix.entities import Check, Molecule
from biomatrix.entities.molecule.checks import check_geometry, check_graph
from biomatrix.entities.molecule.files.tables import read_conformers
from biomatrix.entities.molecule.posebusters_checks import PREFIX, posebusters_checks
from biomatrix.errors import BioMatrixError

SPEED_TARGET, AGREEMENT_TARGET = 10.0, 0.9
PAIRS = {
    "bond lengths": "bond lengths",
    "bond angles": "bond angles",
    "clashes": "internal steric clash",
    "aromatic rings flat": "aromatic ring flatness",
    "double bonds flat": "double bond flatness",
    "saturated rings puckered": "non-aromatic ring non-flatness",
    "closed shell": "no radicals",
    "strain released at once": "internal energy",
}
"""Our check and PoseBusters'."""

Perturbation = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def one_moved(positions: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Return positions with one atom moved by 1.2 Angstrom."""
    moved = positions.copy()
    step = draw.normal(size=3)
    moved[draw.integers(len(moved) // 2)] += 1.2 * step / np.linalg.norm(step)
    return moved


VARIANTS: dict[str, Perturbation] = {
    "real": lambda positions, draw: positions,
    "noise 0.1": lambda positions, draw: positions + draw.normal(0, 0.1, positions.shape),
    "noise 0.25": lambda positions, draw: positions + draw.normal(0, 0.25, positions.shape),
    "one atom moved": one_moved,
}


def conformers(path: Path, limit: int, seed: int) -> list[Molecule]:
    """Return conformers of whole molecules with closed shells, at random."""
    found = [one for one in read_conformers(path) if isinstance(one, Molecule)]
    sound = [one for one in found if not any(check.passed is False for check in check_graph(one, whole=True))]
    order = np.random.default_rng(seed).permutation(len(sound))[:limit]
    return [sound[index] for index in order]


def variants(molecule: Molecule, draw: np.random.Generator) -> Iterator[tuple[str, Molecule]]:
    """Yield a molecule's conformer as it is and perturbed."""
    positions = np.asarray(molecule.coordinates, dtype=np.float64)
    for name, perturb in VARIANTS.items():
        yield name, molecule.with_coordinates(perturb(positions, draw))


def timed(function: Callable[[Molecule], list[Check]], molecule: Molecule) -> tuple[dict[str, Check], float]:
    """Return checks by name, and processor seconds."""
    start = time.process_time()
    checks = function(molecule)
    spent = time.process_time() - start
    return {check.name.removeprefix(PREFIX): check for check in checks}, spent


def fast_checks(molecule: Molecule) -> list[Check]:
    """Return what is checked by default."""
    return check_graph(molecule) + check_geometry(molecule)


def compare(molecules: list[Molecule], seed: int) -> None:
    """Print the tables of both programs."""
    draw = np.random.default_rng(seed)
    tables: dict[str, Counter[tuple[object, object]]] = defaultdict(Counter)
    failures: dict[str, Counter[str]] = defaultdict(Counter)
    runs: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, list[float]] = defaultdict(list)
    fast_checks(molecules[0]), posebusters_checks(molecules[0])  # imports and tables
    for number, molecule in enumerate(molecules):
        for name, variant in variants(molecule, draw):
            mine, fast = timed(fast_checks, variant)
            theirs, full = timed(posebusters_checks, variant)
            seconds["fast"].append(fast)
            if number:  # the ensemble of the first one was made above
                seconds["cold" if name == "real" else "warm"].append(full)
            for own, other in PAIRS.items():
                tables[own][mine[own].passed, theirs[other].passed] += 1
            for check in mine.values():
                if check.passed is not None:
                    runs[check.name][name] += 1
                    failures[check.name][name] += not check.passed
    print_confusion(tables)
    print_alarms(runs, failures)
    fast, cold, warm = (1e3 * float(np.mean(seconds[name])) for name in ("fast", "cold", "warm"))
    print(f"\nprocessor time a conformer: fast checks {fast:.2f} ms, PoseBusters {cold:.1f} ms ({warm:.1f} ms with the")
    print(f"ensemble at hand): {cold / fast:.0f} and {warm / fast:.0f} times (target {SPEED_TARGET:.0f})")


def print_confusion(tables: dict[str, Counter[tuple[object, object]]]) -> None:
    """Print both verdicts against each other."""
    print(f"{'check':28} {'both pass':>9} {'both fail':>9} {'only ours':>9} {'only PB':>9} {'unknown':>8} {'agree':>7}")
    print(f"{'':28} {'':>9} {'':>9} {'fails':>9} {'fails':>9}")
    for name, table in tables.items():
        known = sum(count for key, count in table.items() if None not in key)
        unknown = sum(table.values()) - known
        cells = [table[key] for key in ((True, True), (False, False), (False, True), (True, False))]
        agree = (cells[0] + cells[1]) / known if known else float("nan")
        print(f"{name:28} {cells[0]:9} {cells[1]:9} {cells[2]:9} {cells[3]:9} {unknown:8} {agree:7.1%}")


def print_alarms(runs: dict[str, Counter[str]], failures: dict[str, Counter[str]]) -> None:
    """Print the share of each variant that each fast check fails."""
    print(f"\nshare failed    {'':12}" + "".join(f"{name:>16}" for name in VARIANTS))
    for name in runs:
        shares = [failures[name][one] / runs[name][one] if runs[name][one] else float("nan") for one in VARIANTS]
        print(f"{name:28}" + "".join(f"{share:16.1%}" for share in shares))


def relax_generated(model_name: str, count: int, seed: int) -> None:
    """Print how many checks of generated molecules fail before and after MMFF94."""
    import biomatrix as bm

    answers = bm.load(model_name).generate(
        "Make a molecule.", output="molecule_structure", num_samples=count, seed=seed
    )
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    moved, refused, sound = [], Counter[str](), [0, 0]
    for answer in answers:
        try:
            done = answer.relaxed("mmff")
        except BioMatrixError as error:
            refused[error.message[:60]] += 1
            continue
        before.update(check.name for check in done.before.failed)
        after.update(check.name for check in done.after.failed)
        sound[0] += bool(done.before.sound)
        sound[1] += bool(done.after.sound)
        moved.append(done.moved_rmsd)
    print(f"\n{len(moved)} of {count} molecules of {model_name} relaxed by MMFF94, moved {np.mean(moved):.2f} Angstrom")
    print(f"failed checks {before.total()} before, {after.total()} after; sound molecules {sound[0]} and {sound[1]}")
    for name in sorted(before.keys() | after.keys()):
        print(f"  {name:36} {before[name]:4} -> {after[name]:4}")
    for reason, number in refused.items():
        print(f"  not relaxed: {number}: {reason}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("conformers", type=Path, nargs="?")
    parser.add_argument("--molecules", type=int, default=70)
    parser.add_argument("--relax", type=int, default=0, help="how many molecules of a model are relaxed")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.conformers is not None:
        compare(conformers(arguments.conformers, arguments.molecules, arguments.seed), arguments.seed)
    if arguments.relax:
        relax_generated(arguments.model, arguments.relax, arguments.seed)


if __name__ == "__main__":
    main()
