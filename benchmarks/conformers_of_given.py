"""Conformers of given molecules, beside molecules in 3D that the same model makes freely.

    python benchmarks/conformers_of_given.py                       # 100 held-out components, nano: about 3 minutes
    python benchmarks/conformers_of_given.py molecules.smi --model nano --number 100

Without a file the molecules are components of the wwPDB's dictionary that every corpus holds out, up to ``--atoms``
atoms with hydrogens, drawn by ``--seed``; those with a symbol that the vocabulary lacks are counted and left out. For
each, one conformer is written with its symbols forced (``exact_graph``). Printed: how many have the graph asked for,
pass every geometry check, show the stereochemistry that was marked, and the RMSD of heavy atoms to the nearest of a few
ETKDG conformers, beside that of one more ETKDG conformer to them; then the same prompt without constraint, with the
number of atoms of each.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

import biomatrix as bm
from biomatrix.corpus.holdout import is_held_out
from biomatrix.corpus.sources.registry import open_source
from biomatrix.entities.molecule.constraints.exact_graph import ExactGraph
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Answer, Model, Request
from biomatrix.generation.sampling import Sampling
from biomatrix.metrics.conformer_rmsd import conformer_rmsd
from biomatrix.tasks import task_prompt

OUTPUT = "molecule_structure"
CONFORMERS = 4


def read(path: Path) -> Iterator[bm.Molecule]:
    """Yield the molecules of a file that are of one fragment."""
    for record in bm.read(path):
        if isinstance(record, bm.Molecule) and record.num_fragments == 1:
            yield record


def held_out(most: int, seed: int, shared: Path) -> Iterator[bm.Molecule]:
    """Yield components that are held out of training, of one fragment and at most so many atoms, in random order."""
    source = open_source("ccd", shared)
    rows = [
        entry
        for table in source.open_tables()
        for number, row in enumerate(table.rows())
        for entry in source.expand(table, number, row)
    ]
    random.Random(seed).shuffle(rows)
    for identifier, row in rows:
        try:
            molecule = source.record(identifier, row).entity
        except BioMatrixError:
            continue
        if not isinstance(molecule, bm.Molecule) or molecule.num_fragments > 1 or molecule.num_atoms > most:
            continue
        if molecule.mol.GetNumHeavyAtoms() > 3 and is_held_out(molecule):
            yield molecule


def nearest(made: bm.Molecule, ideal: Sequence[bm.Molecule]) -> float | None:
    """Return the least RMSD of heavy atoms to conformers, in Angstrom; None without any."""
    distances = [conformer_rmsd(made.mol, each.mol) for each in ideal]
    return min((distance for distance in distances if distance is not None), default=None)


def embedded(molecule: bm.Molecule) -> list[bm.Molecule]:
    """Return a few conformers that ETKDG makes of a molecule, and one more; none where it fails."""
    try:
        return [molecule.embed(seed=seed) for seed in range(CONFORMERS + 1)]
    except BioMatrixError:
        return []


def passes(molecules: Sequence[bm.Molecule]) -> float:
    """Return the share of molecules all of whose checks that could run passed."""
    modality = bm.modality(OUTPUT)
    return fmean([all(check.passed is not False for check in modality.check(each)) for each in molecules] or [0])


def answered(model: Model, wishes: Sequence[ExactGraph], seed: int, *, kept: bool) -> list[tuple[ExactGraph, Answer]]:
    """Return one answer a molecule: with its graph kept, or with its number of atoms alone."""
    prompt = task_prompt(f"make_{OUTPUT}")
    requests = []
    for number, wish in enumerate(wishes):
        asked: dict[str, Any] = {"length": wish.molecule.with_hydrogens().num_atoms}
        if kept:
            asked = {"constraints": (wish,)}
        requests.append(Request(prompt, OUTPUT, sampling=Sampling(seed=seed + number), **asked))
    answers = [group[0] for group in model.engine.generate(requests)]
    return list(zip(wishes, answers, strict=True))


def report(title: str, answers: Sequence[tuple[ExactGraph, Answer]]) -> None:
    """Print how many answers are the molecule asked for, and how good their geometry is."""
    made = [(wish, answer.entity) for wish, answer in answers if isinstance(answer.entity, bm.Molecule)]
    same = [(wish, entity) for wish, entity in made if wish.fault(entity) is None]
    shown = [ExactGraph(wish.molecule, stereo=True).fault(entity) is None for wish, entity in same]
    print(f"{title}: {len(answers)} asked, {len(made)} made, {len(same)} of the graph asked for")
    print(f"  every check passed: {passes([entity for _, entity in made]):.1%}")
    if not same:
        return
    print(f"  stereochemistry as given, of those: {fmean(shown):.1%}")
    ours, theirs = [], []
    for _, entity in same:
        *ideal, another = embedded(entity) or [None]
        distance = nearest(entity, ideal)
        if distance is not None and another is not None:
            ours.append(distance)
            theirs.append(nearest(another, ideal) or 0.0)
    if ours:
        print(f"  RMSD of heavy atoms to the nearest of {CONFORMERS} ETKDG conformers, {len(ours)} molecules:", end=" ")
        print(f"median {median(ours):.2f} Angstrom; of one more ETKDG conformer {median(theirs):.2f}")


def writable(model: Model, molecules: Iterator[bm.Molecule], number: int) -> list[ExactGraph]:
    """Return the wishes for the first molecules all of whose symbols the vocabulary holds."""
    vocabulary, wishes, lacking = model.vocabulary, [], 0
    ids, modality = vocabulary.segment_ids(OUTPUT), vocabulary.block(OUTPUT).modality
    for molecule in molecules:
        wish = ExactGraph(molecule)
        try:
            wish.narrow(vocabulary.automaton(OUTPUT), modality, ids)
        except BioMatrixError:
            lacking += 1
            continue
        wishes.append(wish)
        if len(wishes) == number:
            break
    print(f"{len(wishes)} molecules; {lacking} others have symbols that the vocabulary lacks")
    return wishes


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("molecules", type=Path, nargs="?", help="by default held-out components")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--number", type=int, default=100, help="molecules asked for")
    parser.add_argument("--atoms", type=int, default=60, help="the most atoms of a component, hydrogens among them")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of reference data")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = bm.load(options.model)
    found = read(options.molecules) if options.molecules else held_out(options.atoms, options.seed, options.shared)
    wishes = writable(model, found, options.number)
    report("graph kept", answered(model, wishes, options.seed, kept=True))
    report("made freely with as many atoms", answered(model, wishes, options.seed, kept=False))


if __name__ == "__main__":
    main()
