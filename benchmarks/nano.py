"""What the answers of a small model are worth, judged by code, each figure beside a baseline from the same run.

    python benchmarks/nano.py runs/nano_corpus --model nano --json nano.json

The first argument is the work folder of `biomatrix corpus`: the model is asked about its held-out records, on
which nothing was trained. Baselines: "random" draws tokens uniformly from the same vocabulary (or an answer from the
training records), "nearest" answers with the training record most like the question.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import pyarrow.parquet as pq
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

import biomatrix as bm
from biomatrix.corpus.records import Record, records_from_table
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Answer, Model
from biomatrix.metrics.superposition import tm_score
from biomatrix.tasks import task_prompt

SEED = 0
NEAREST_POOL = 4000
FINGERPRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


@dataclass(frozen=True)
class Figure:
    """One measured figure and its baselines; ``n`` is what it was measured on."""

    task: str
    measure: str
    nano: float
    random: float | None
    nearest: float | None
    n: int


def load_records(work: Path, source: str, splits: Sequence[str]) -> list[Record]:
    """Return the records of one source in the given splits."""
    found = []
    for path in sorted((work / "records" / source).glob("*/records.parquet")):
        found += [record for record in records_from_table(pq.read_table(path)) if record.split in splits]
    return found


def share(values: Sequence[bool]) -> float:
    """Return the share of true values."""
    return sum(values) / max(len(values), 1)


def passes_checks(modality: str, entity: bm.Molecule | bm.Protein | None) -> bool:
    """Return whether an entity came out and every check of its modality that could run passed."""
    return entity is not None and all(check.passed is not False for check in bm.modality(modality).check(entity))


def unconditional_molecules(model: Model, work: Path, samples: int) -> Iterator[Figure]:
    """Judge molecules made from nothing, in every way of writing them."""
    generator = random.Random(SEED)
    known = [record for record in load_records(work, "ccd", ["train"]) if isinstance(record.entity, bm.Molecule)]
    for modality in ("molecule_selfies", "molecule_smiles", "molecule_structure"):
        answers = model.generate(
            task_prompt(f"make_{modality}"),
            output=modality,
            num_samples=samples,
            seed=SEED,
            temperature=0.9,
            top_p=0.95,
        )
        made = [answer.entity for answer in answers]
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


def folding(model: Model, work: Path, limit: int, samples: int) -> Iterator[Figure]:
    """Judge folds and designs of held-out chains."""
    chains = [r.entity for r in load_records(work, "chains", ["held_out"]) if isinstance(r.entity, bm.Protein)]
    chains = [chain for chain in chains if 40 <= len(chain) <= 160 and bool(chain.resolved.all())][:limit]
    known = [r.entity for r in load_records(work, "chains", ["train"]) if isinstance(r.entity, bm.Protein)]
    tokenizer = bm.ProteinStructureTokenizer.from_pretrained()
    generator = np.random.default_rng(SEED)
    got, best, drawn, near = [], [], [], []
    lengths, free = [], []
    for chain in chains:
        prompt = task_prompt("fold_protein", {"protein_sequence": (chain, "protein_sequence")})
        asked = {"output": "protein_structure", "temperature": 0.7, "top_p": 0.95, "seed": SEED}
        answers = model.generate(prompt, length=len(chain), num_samples=samples, **asked)
        scores = [fold_score(answer.entity, chain) for answer in answers]
        got.append(fmean(scores))
        best.append(max(scores))
        lengths += [answer.entity is not None and len(answer.entity) == len(chain) for answer in answers]  # type: ignore[arg-type]
        (unbound,) = model.generate(prompt, **asked)
        free.append(isinstance(unbound.entity, bm.Protein) and len(unbound.entity) == len(chain))
        (noise,) = tokenizer.decode([generator.integers(0, tokenizer.num_codes, len(chain)).astype(np.int16)])
        drawn.append(tm_score(noise[:, 1], chain.backbone[:, 1]))  # type: ignore[index]
        near.append(fold_score(nearest_chain(chain, known), chain))
    yield Figure("fold", "TM-score to native, mean", fmean(got), fmean(drawn), fmean(near), len(chains))
    yield Figure("fold", f"TM-score to native, best of {samples}", fmean(best), None, None, len(chains))
    yield Figure("fold", "length match, asked for", share(lengths), None, None, len(lengths))
    yield Figure("fold", "length match, not asked for", share(free), None, None, len(free))
    yield from designing(model, chains, known)


def fold_score(fold: object, chain: bm.Protein) -> float:
    """Return the TM-score of a fold against a chain of the same length, 0 where there is none."""
    if not isinstance(fold, bm.Protein) or fold.backbone is None or chain.backbone is None:
        return 0.0
    size = min(len(fold), len(chain))
    padded = np.full((len(chain), 3), np.nan)
    padded[:size] = fold.backbone[:size, 1]
    return tm_score(padded, chain.backbone[:, 1])


def nearest_chain(chain: bm.Protein, known: Sequence[bm.Protein]) -> bm.Protein:
    """Return the training chain that shares most 3-residue words with a chain, among those at least as long."""
    wanted = words_of(chain.sequence)
    pool = [other for other in known if len(other) >= len(chain)]
    return max(pool, key=lambda other: sum((wanted & words_of(other.sequence)).values()) / len(other))


def words_of(sequence: str) -> Counter[str]:
    """Return the 3-residue words of a sequence with their counts."""
    return Counter(sequence[i : i + 3] for i in range(len(sequence) - 2))


def designing(model: Model, chains: Sequence[bm.Protein], known: Sequence[bm.Protein]) -> Iterator[Figure]:
    """Judge sequences designed for held-out backbones by recovery; random draws residues by frequency."""
    letters = Counter("".join(chain.sequence for chain in known))
    frequent = [letters[letter] / letters.total() for letter in letters]
    generator = np.random.default_rng(SEED)
    got, drawn = [], []
    for chain in chains:
        prompt = task_prompt("inverse_fold_protein", {"protein_structure": (chain, "protein_structure")})
        (answer,) = model.generate(prompt, output="protein_sequence", length=len(chain), greedy=True)
        guess = generator.choice(list(letters), size=len(chain), p=frequent)
        got.append(recovery(answer.entity.sequence if isinstance(answer.entity, bm.Protein) else "", chain.sequence))
        drawn.append(recovery("".join(guess), chain.sequence))
    common = letters.most_common(1)[0][0]
    constant = fmean(recovery(common * len(chain), chain.sequence) for chain in chains)
    yield Figure(
        "inverse fold",
        "recovery (nearest: the commonest residue)",
        fmean(got),
        fmean(drawn),
        constant,
        len(got),
    )


def recovery(designed: str, native: str) -> float:
    """Return the share of positions that agree."""
    return sum(a == b for a, b in zip(designed, native, strict=False)) / len(native)


def as_table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""

    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    rows = ["| task | measure | nano | random | nearest | n |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {f.task} | {f.measure} | {cell(f.nano)} | {cell(f.random)} | {cell(f.nearest)} | {f.n} |" for f in figures
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure, print a table, and write it as JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="work folder of `biomatrix corpus`")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--samples", type=int, default=100, help="molecules made in each modality")
    parser.add_argument("--limit", type=int, default=60, help="held-out records a task is asked about")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    model = bm.load(arguments.model)
    figures: list[Figure] = []
    for part in (
        unconditional_molecules(model, arguments.work, arguments.samples),
        molecules_from_text(model, arguments.work, arguments.limit),
        properties(model, arguments.work, arguments.limit),
        folding(model, arguments.work, min(arguments.limit, 40), 4),
    ):
        for figure in part:
            figures.append(figure)
            print(as_table([figure]).splitlines()[-1], flush=True)
    print(as_table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
