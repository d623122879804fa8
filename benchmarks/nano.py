"""What the answers of small models are worth, judged by code, each figure beside a baseline from the same run.

    python benchmarks/nano.py runs/nano_corpus --model nano --json nano.json
    python benchmarks/nano.py runs/nano_corpus --model nano --model runs/another/model

The first argument is the work folder of `biomatrix corpus build`: models are asked about its held-out records, on
which nothing was trained (`benchmarks/nano_leakage.py` compares). Baselines: "random" draws tokens uniformly from the
same vocabulary (or an answer from the training records), "nearest" answers with the training record most like the
question.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean

import numpy as np
from nano_chains import folding
from nano_figures import SEED, Figure, as_table, load_records, share
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

import biomatrix as bm
from biomatrix.corpus.holdout import bucket
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Answer, Model
from biomatrix.tasks import task_prompt

NEAREST_POOL = 4000
MODALITIES = ("molecule_selfies", "molecule_smiles", "molecule_structure")
STRUCTURE_SOURCES = ("ccd", "cascade_dft8k", "qm7_gdb7", "conformer_benchmark_dft")
WRITTEN = 200
"""How many held-out molecules in 3D a vocabulary is tried on."""
FINGERPRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


def passes_checks(modality: str, entity: bm.Molecule | bm.Protein | None) -> bool:
    """Return whether an entity came out and every check of its modality that could run passed."""
    return entity is not None and all(check.passed is not False for check in bm.modality(modality).check(entity))


def drawn(model: Model, modality: str, samples: int, *, guided: bool = True) -> list[bm.Molecule | bm.Protein | None]:
    """Return what a model makes from nothing in a modality."""
    answers = model.generate(
        task_prompt(f"make_{modality}"),
        output=modality,
        num_samples=samples,
        seed=SEED,
        temperature=0.9,
        top_p=0.95,
        guided=guided,
    )
    return [answer.entity for answer in answers]


def unconditional_molecules(model: Model, work: Path, samples: int) -> Iterator[Figure]:
    """Judge molecules made from nothing, in every way of writing them."""
    generator = random.Random(SEED)
    known = [record for record in load_records(work, "ccd", ["train"]) if isinstance(record.entity, bm.Molecule)]
    for modality in MODALITIES:
        made = drawn(model, modality, samples)
        valid = [entity for entity in made if entity is not None]
        scrambled = [random_molecule(modality, record.entity, generator) for record in generator.sample(known, samples)]
        kept = [record.entity for record in generator.sample(known, samples)]
        yield Figure(
            f"make {modality}", "valid", len(valid) / samples, share([e is not None for e in scrambled]), 1.0, samples
        )
        yield Figure(
            f"make {modality}",
            "valid and passing every check",
            share([passes_checks(modality, entity) for entity in made]),
            share([passes_checks(modality, entity) for entity in scrambled]),
            share([passes_checks(modality, entity) for entity in kept]),
            samples,
        )
        distinct = {entity.smiles for entity in valid if isinstance(entity, bm.Molecule)}
        yield Figure(
            f"make {modality}", "distinct among valid", len(distinct) / max(len(valid), 1), None, None, len(valid)
        )
        heavy = [e.mol.GetNumHeavyAtoms() for e in valid if isinstance(e, bm.Molecule)]
        yield Figure(f"make {modality}", "heavy atoms, mean", fmean(heavy or [0]), None, None, len(valid))


def unguided_molecules(model: Model, samples: int) -> Iterator[Figure]:
    """Judge what a model writes when nothing holds it to the grammar of a modality."""
    for modality in MODALITIES:
        made = drawn(model, modality, samples, guided=False)
        task = f"make {modality} unguided"
        yield Figure(task, "valid", share([entity is not None for entity in made]), None, None, samples)
        passing = share([passes_checks(modality, entity) for entity in made])
        yield Figure(task, "valid and passing every check", passing, None, None, samples)


def writable_structures(model: Model, work: Path) -> Iterator[Figure]:
    """Count the held-out molecules in 3D whose tokens are all in the vocabulary."""
    held = [record for source in STRUCTURE_SOURCES for record in load_records(work, source, ["held_out"])]
    placed = [r for r in held if isinstance(r.entity, bm.Molecule) and r.entity.has_conformer]
    placed.sort(key=lambda record: bucket(f"{record.source}:{record.id}", 1 << 62))
    written = [is_writable(model, record.entity) for record in placed[:WRITTEN]]
    if written:
        yield Figure("read molecule_structure", "held-out molecules writable", share(written), None, None, len(written))


def is_writable(model: Model, entity: object) -> bool:
    """Return whether a molecule can be written in 3D in the vocabulary of a model."""
    try:
        model.vocabulary.encode_entity(entity, "molecule_structure")  # type: ignore[arg-type]
    except BioMatrixError:
        return False
    return True


def random_molecule(modality: str, like: object, generator: random.Random) -> bm.Molecule | bm.Protein | None:
    """Return what the tokens of a real molecule decode to once each is replaced by a random one of its own class."""
    writer = bm.modality(modality)
    try:
        tokens = writer.encode(like)  # type: ignore[arg-type]
        return writer.decode(scramble(tokens, modality, generator))
    except BioMatrixError:
        return None


def scramble(tokens: Sequence[str], modality: str, generator: random.Random) -> list[str]:
    """Replace codes by random codes and other tokens by a shuffle of themselves; grammar is kept where there is one."""
    if modality == "molecule_structure":
        return [t if t.endswith(" -1]") else f"{t.split()[0]} {generator.randrange(512)}]" for t in tokens]
    return generator.sample(list(tokens), len(tokens))


def molecules_from_text(model: Model, work: Path, limit: int) -> Iterator[Figure]:
    """Judge molecules made from held-out descriptions by fingerprint similarity to the described molecule."""
    source = "chebi20_validation"
    asked = [r for r in load_records(work, source, ["held_out"]) if "description" in r.fields][:limit]
    known = [r for r in load_records(work, source, ["train"]) if "description" in r.fields][:NEAREST_POOL]
    generator = random.Random(SEED)
    words = [set(r.fields["description"].lower().split()) for r in known]
    got, drawn, near, exact = [], [], [], []
    for record in asked:
        if not isinstance(record.entity, bm.Molecule):
            continue
        (answer,) = model.generate(
            task_prompt("molecule_from_description", {"description": record.fields["description"]}),
            output="molecule_selfies",
            greedy=True,
            seed=SEED,
        )
        wanted = set(record.fields["description"].lower().split())
        best = max(range(len(known)), key=lambda i: len(words[i] & wanted) / len(words[i] | wanted))
        got.append(similarity(record.entity, answer.entity))
        exact.append(isinstance(answer.entity, bm.Molecule) and answer.entity.smiles == record.entity.smiles)
        drawn.append(similarity(record.entity, generator.choice(known).entity))
        near.append(similarity(record.entity, known[best].entity))
    yield Figure("molecule from description", "Morgan Tanimoto", fmean(got), fmean(drawn), fmean(near), len(got))
    yield Figure("molecule from description", "exact match", share(exact), 0.0, 0.0, len(got))


def similarity(first: object, second: object) -> float:
    """Return the Tanimoto similarity of two molecules' Morgan fingerprints, 0 where there is none."""
    if not isinstance(first, bm.Molecule) or not isinstance(second, bm.Molecule):
        return 0.0
    prints = [FINGERPRINTS.GetFingerprint(Chem.RemoveHs(molecule.mol)) for molecule in (first, second)]
    return float(DataStructs.TanimotoSimilarity(*prints))


def properties(model: Model, work: Path, limit: int) -> Iterator[Figure]:
    """Judge property predictions on held-out labels: mean absolute error beside always answering the mean."""
    for source, field, task in (
        ("moleculenet_esol", "log_solubility", "predict_log_solubility"),
        ("moleculenet_lipo", "lipophilicity", "predict_lipophilicity"),
        ("moleculenet_freesolv", "hydration", "predict_hydration"),
    ):
        asked = [r for r in load_records(work, source, ["held_out", "held_out_label"]) if field in r.fields][:limit]
        known = [r for r in load_records(work, source, ["train"]) if field in r.fields]
        mean = fmean(float(r.fields[field]) for r in known)
        prints = [FINGERPRINTS.GetFingerprint(Chem.RemoveHs(r.entity.mol)) for r in known]  # type: ignore[union-attr]
        errors, means, nears = [], [], []
        for record in asked:
            value = float(record.fields[field])
            prompt = task_prompt(task, {"molecule": (record.entity, "molecule_smiles")})
            (answer,) = model.generate(prompt, greedy=True, max_new_tokens=12)
            like = DataStructs.BulkTanimotoSimilarity(
                FINGERPRINTS.GetFingerprint(Chem.RemoveHs(record.entity.mol)),  # type: ignore[union-attr]
                prints,
            )
            errors.append(abs(read_number(answer, mean) - value))
            means.append(abs(mean - value))
            nears.append(abs(float(known[int(np.argmax(like))].fields[field]) - value))
        yield Figure(
            task, "mean absolute error (random: the mean)", fmean(errors), fmean(means), fmean(nears), len(errors)
        )


def read_number(answer: Answer, default: float) -> float:
    """Return the number an answer begins with, or the default where it is none."""
    try:
        return float(answer.text.split()[0])
    except (ValueError, IndexError):
        return default


def measure(name: str, work: Path, arguments: argparse.Namespace) -> Iterator[Figure]:
    """Yield every figure of one model."""
    model = bm.load(name)
    yield from writable_structures(model, work)
    yield from unconditional_molecules(model, work, arguments.samples)
    yield from unguided_molecules(model, arguments.samples)
    yield from molecules_from_text(model, work, arguments.limit)
    yield from properties(model, work, arguments.limit)
    yield from folding(model, work, min(arguments.limit, arguments.chains), 4)


def main() -> None:
    """Measure, print a table, and write it as JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="work folder of `biomatrix corpus build`")
    parser.add_argument("--model", action="append", help="name or folder, again for further ones; nano when not given")
    parser.add_argument("--samples", type=int, default=100, help="molecules made in each modality")
    parser.add_argument("--limit", type=int, default=60, help="held-out records a task is asked about")
    parser.add_argument("--chains", type=int, default=40, help="held-out chains that are folded and designed")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures: list[Figure] = []
    for name in arguments.model or ["nano"]:
        for figure in measure(name, arguments.work, arguments):
            figures.append(replace(figure, model=name))
            print(as_table(figures[-1:]).splitlines()[-1], flush=True)
            if arguments.json:
                arguments.json.write_text(json.dumps([asdict(one) for one in figures], indent=1), encoding="utf-8")
    print(as_table(figures))


if __name__ == "__main__":
    main()
