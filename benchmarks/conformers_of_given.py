"""Conformers of given molecules, beside what the same model makes freely when it is shown them.

    python benchmarks/conformers_of_given.py                       # 100 held-out components, nano
    python benchmarks/conformers_of_given.py molecules.smi --model nano --number 100

Without a file the molecules are components of the wwPDB's dictionary that every corpus holds out, up to ``--atoms``
atoms with hydrogens, drawn by ``--seed``; those with a symbol that the vocabulary lacks are counted and left out.

Printed for each way of asking: how many answers have the graph asked for, show the
stereochemistry that was marked and pass every check of geometry; the checks that fail most; the RMSD of heavy atoms to
the nearest of a few ETKDG conformers, beside that of one more ETKDG conformer to them; and drafts an answer.

The ways: the molecule is not shown and its graph kept; shown and not kept; shown and kept; its stereochemistry kept too
(answers that show another are drafts); the best of ``--best-of`` by checks; and that relaxed by MMFF94. ETKDG
conformers sent through the structure tokens and back say what tokens and checks cost by themselves.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, cast

import biomatrix as bm
from biomatrix.corpus.holdout import is_held_out
from biomatrix.corpus.sources.registry import open_source
from biomatrix.entities.molecule.compare import shown_stereochemistry
from biomatrix.entities.molecule.constraints.exact_graph import ExactGraph
from biomatrix.errors import BioMatrixError, VocabularyError
from biomatrix.generation import Answer, Model, Request
from biomatrix.generation.sampling import Sampling
from biomatrix.generation.soundness import by_checks
from biomatrix.metrics.conformer_rmsd import conformer_rmsd
from biomatrix.tasks import task_prompt

OUTPUT = "molecule_structure"
CONFORMERS = 4


@dataclass(frozen=True)
class Way:
    """One way of asking: whether the molecule is shown, its graph kept, its stereochemistry kept, and what else."""

    title: str
    shown: bool = True
    kept: bool = True
    stereo: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


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
    heavy = made.without_hydrogens().mol
    distances = [conformer_rmsd(each.without_hydrogens().mol, heavy) for each in ideal]
    return min((distance for distance in distances if distance is not None), default=None)


@lru_cache(maxsize=4096)
def embedded(smiles: str) -> tuple[bm.Molecule, ...]:
    """Return a few conformers that ETKDG makes of a molecule, and one more; none where it fails."""
    try:
        return tuple(bm.Molecule.from_smiles(smiles).embed(seed=seed) for seed in range(CONFORMERS + 1))
    except BioMatrixError:
        return ()


def question(model: Model, molecule: bm.Molecule) -> list[Any]:
    """Return the prompt for a conformer; SMILES show what the vocabulary's SELFIES symbols cannot."""
    try:
        model.vocabulary.encode([(molecule, "molecule_selfies")])
    except VocabularyError:
        return task_prompt("embed_molecule", {"molecule_selfies": (molecule, "molecule_smiles")})
    return task_prompt("embed_molecule", {"molecule_selfies": (molecule, "molecule_selfies")})


def answered(model: Model, wishes: Sequence[ExactGraph], way: Way, sampling: Sampling) -> list[Answer]:
    """Return one answer a molecule."""
    requests = []
    for number, wish in enumerate(wishes):
        prompt = question(model, wish.molecule) if way.shown else task_prompt(f"make_{OUTPUT}")
        asked = replace(wish, stereo=way.stereo)
        drawn = replace(sampling, seed=sampling.seed + number)
        constraints = (asked,) if way.kept else ()
        requests.append(Request(prompt, OUTPUT, sampling=drawn, constraints=constraints, **way.more))
    return [group[0] for group in model.engine.generate(requests)]


def relaxed(entity: bm.Molecule | None) -> bm.Molecule | None:
    """Return a conformer at the nearest minimum of MMFF94, as it is where that cannot be."""
    try:
        return entity if entity is None else cast("bm.Molecule", bm.relax(entity, "mmff", checks="off").entity)
    except BioMatrixError:
        return entity


def through_tokens(molecule: bm.Molecule) -> bm.Molecule | None:
    """Return an ETKDG conformer after the structure tokens; None where there is none."""
    modality = bm.modality(OUTPUT)
    try:
        return cast("bm.Molecule", modality.decode(modality.encode(molecule.embed(seed=0))))
    except BioMatrixError:
        return None


def report(title: str, wishes: Sequence[ExactGraph], entities: Sequence[Any], drafts: int = 0) -> None:
    """Print how many entities are the molecule asked for, and how good their geometry is."""
    pairs = list(zip(wishes, entities, strict=True))
    made = [(wish, entity) for wish, entity in pairs if isinstance(entity, bm.Molecule) and entity.has_conformer]
    same = [(wish, entity) for wish, entity in made if wish.fault(entity) is None]
    shown = [entity for wish, entity in same if replace(wish, stereo=True).fault(entity) is None]
    failed = [[one.name for one in bm.modality(OUTPUT).check(entity) if one.passed is False] for _, entity in made]
    worst = ", ".join(f"{name} {count}" for name, count in Counter(chain.from_iterable(failed)).most_common(4))
    counts = f"{len(made)} of {len(pairs)} | {len(same)} | {len(shown)} | {failed.count([])} | {worst or '-'}"
    ours, theirs = [], []
    for _, entity in same:
        *ideal, another = embedded(shown_stereochemistry(entity)) or (None,)
        distance = nearest(entity, ideal)
        if distance is not None and another is not None:
            ours.append(distance)
            theirs.append(nearest(another, ideal) or 0.0)
    shape = f"{median(ours):.2f} ({median(theirs):.2f})" if ours else "-"
    print(f"| {title} | {counts} | {shape} | {drafts / len(pairs) if drafts else math.nan:.1f} |", flush=True)


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
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--top-p", type=float, default=0.95)
    parser.add_argument("--best-of", type=int, default=8)
    options = parser.parse_args()
    model, drawn = bm.load(options.model), Sampling(options.temperature, options.top_p, seed=options.seed)
    data = options.shared / "data"
    found = read(options.molecules) if options.molecules else held_out(options.atoms, options.seed, data)
    wishes = writable(model, found, options.number)
    print("| way | made | same graph | and stereo | all checks | fail most | RMSD, median (ETKDG's) | drafts |")
    print("|---|---|---|---|---|---|---|---|")
    report("ETKDG through the tokens", wishes, [through_tokens(wish.molecule) for wish in wishes])
    best = {"best_of": options.best_of, "scorer": by_checks()}
    ways = (
        Way("not shown, graph kept", shown=False),
        Way("shown, free", kept=False),
        Way("shown, graph kept"),
        Way("and stereochemistry kept", stereo=True),
        Way(f"and the best of {options.best_of} by checks", stereo=True, more=best),
    )
    for way in ways:
        answers = answered(model, wishes, way, drawn)
        entities = [answer.entity for answer in answers]
        report(way.title, wishes, entities, sum(1 + len(answer.refused) for answer in answers))
    report("and relaxed by MMFF94", wishes, [relaxed(cast("bm.Molecule | None", one)) for one in entities])


if __name__ == "__main__":
    main()
