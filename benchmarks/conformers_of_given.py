"""Conformers of given molecules, beside molecules in 3D that the same model makes freely.

    python benchmarks/conformers_of_given.py molecules.smi --model nano --number 100

The molecules should be held out of what the model learned from. For each, one conformer is written with its symbols
forced (``graph``). Printed: how many have the graph asked for, pass every geometry check, show the stereochemistry that
was marked, and the RMSD of heavy atoms to the nearest of ten ETKDG conformers; then the checks of as many that are
made freely.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median

import biomatrix as bm
from biomatrix.entities.molecule.constraints.exact_graph import ExactGraph
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Answer, Model
from biomatrix.metrics.conformer_rmsd import conformer_rmsd
from biomatrix.tasks import task_prompt

OUTPUT = "molecule_structure"
CONFORMERS = 10


def read(path: Path, limit: int) -> Iterator[bm.Molecule]:
    """Yield the first molecules of a file, of one fragment each."""
    found = 0
    for record in bm.read(path):
        if isinstance(record, bm.Molecule) and record.num_fragments == 1 and found < limit:
            found += 1
            yield record


def nearest(made: bm.Molecule) -> float | None:
    """Return the least RMSD of heavy atoms to conformers that ETKDG makes, in Angstrom; None without any."""
    distances = []
    for seed in range(CONFORMERS):
        try:
            distance = conformer_rmsd(made.mol, made.embed(seed=seed).mol)
        except BioMatrixError:
            continue
        if distance is not None:
            distances.append(distance)
    return min(distances, default=None)


def passes(molecules: Sequence[bm.Molecule]) -> float:
    """Return the share of molecules all of whose checks that could run passed."""
    modality = bm.modality(OUTPUT)
    return fmean([all(check.passed is not False for check in modality.check(each)) for each in molecules] or [0])


def given(model: Model, molecules: Sequence[bm.Molecule], seed: int) -> list[tuple[ExactGraph, Answer]]:
    """Return one answer a molecule, its graph kept."""
    answers = []
    for molecule in molecules:
        wish = ExactGraph(molecule)
        try:
            (answer,) = model.generate(task_prompt(f"make_{OUTPUT}"), output=OUTPUT, constraints=[wish], seed=seed)
        except BioMatrixError as error:
            print(f"left out {molecule.smiles}: {error.message}")
            continue
        answers.append((wish, answer))
    return answers


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("molecules", type=Path)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--number", type=int, default=100, help="molecules asked for")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = bm.load(options.model)
    answers = given(model, list(read(options.molecules, options.number)), options.seed)
    made = [(wish, answer.entity) for wish, answer in answers if isinstance(answer.entity, bm.Molecule)]
    same = [wish.fault(entity) is None for wish, entity in made]
    shown = [ExactGraph(wish.molecule, stereo=True).fault(entity) is None for wish, entity in made]
    distances = [distance for _, entity in made if (distance := nearest(entity)) is not None]
    print(f"given molecules: {len(answers)} asked, {len(made)} made, {sum(same)} of the same graph")
    print(f"  stereochemistry as given: {fmean(shown or [0]):.1%}")
    print(f"  every check passed: {passes([entity for _, entity in made]):.1%}")
    if distances:
        print(f"  RMSD to the nearest of {CONFORMERS} conformers: median {median(distances):.2f} Angstrom")
    number = len(answers) or 1
    free = model.generate(task_prompt(f"make_{OUTPUT}"), output=OUTPUT, num_samples=number, seed=options.seed)
    entities = [answer.entity for answer in free if isinstance(answer.entity, bm.Molecule)]
    print(f"free molecules: {len(free)} asked, {len(entities)} made; every check passed: {passes(entities):.1%}")


if __name__ == "__main__":
    main()
