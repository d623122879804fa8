"""Customised generation of S2-Bench: atoms and bonds by number, with constraints, without, and entirely unguided.

    python benchmarks/s2_bench.py --shared ../shared --rows 1000 --output molecule_smiles

Every row's instruction is the prompt, and its columns are the constraint. The first draft is greedy, as the official
decoding preset is; a draft that breaks the constraint is written again at temperature 1. Success is counted as by the
official code (:mod:`biomatrix.metrics.s2_bench.requests`), over all rows, refused requests included, whose reasons are
printed with how often they came. The rows are test data: nothing is fitted on them.
``--writable`` leaves out rows that ask for an element which no token of the output writes. ``--rows`` takes that many
at a fixed stride. Exits with 1 where the constrained rate is below ``--at-least``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdkit import Chem

from biomatrix.entities.constraint import Constraint
from biomatrix.entities.molecule.constraints.bonds import Bonds
from biomatrix.entities.molecule.constraints.elements import Elements
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation import Answer, Model, Request
from biomatrix.generation.sampling import Sampling
from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS, atoms_as_asked, bonds_as_asked, success_rate

BATCH = 64


@dataclass(frozen=True)
class Task:
    """One task: its columns, what they ask of an answer, how success is counted, and the published rate."""

    name: str
    columns: Sequence[str]
    constraint: Callable[[Mapping[str, int]], Constraint]
    succeeds: Callable[[Chem.Mol, Mapping[str, int]], bool]
    published: float


def atoms_of(row: Mapping[str, int]) -> Elements:
    """Return the constraint of a row of AtomNum: these atoms and no others."""
    return Elements(tuple((symbol, (row[column],) * 2) for column, symbol in ELEMENTS.items() if row[column]))


def bonds_of(row: Mapping[str, int]) -> Bonds:
    """Return the constraint of a row of BondNum: these bonds; types asked for 0 times are free."""
    return Bonds(tuple((column, (row[column],) * 2) for column in BONDS if row[column]))


TASKS = (
    Task("AtomNum", tuple(ELEMENTS), atoms_of, atoms_as_asked, 0.277),
    Task("BondNum", BONDS, bonds_of, bonds_as_asked, 0.110),
)


def rows_of(task: Task, shared: Path, count: int | None) -> list[dict[str, Any]]:
    """Return the rows of a task, all or some at a fixed stride: ``Instruction``, and numbers by column."""
    path = shared / "data" / "molecule" / "tomg_bench" / "MolCustom" / task.name / "test.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    stride = max(1, len(rows) // count) if count else 1
    chosen = rows[::stride][:count]
    return [{"Instruction": row["Instruction"], **{name: int(row[name]) for name in task.columns}} for row in chosen]


def is_writable(model: Model, task: Task, row: Mapping[str, int], output: str) -> bool:
    """Return whether the vocabulary can write what a row asks for."""
    try:
        vocabulary, modality = model.vocabulary, model.vocabulary.block(output).modality
        task.constraint(row).narrow(vocabulary.automaton(output), modality, vocabulary.segment_ids(output))
    except ConfigurationError:
        return False
    return True


def answer_rows(
    model: Model, task: Task, rows: Sequence[Mapping[str, Any]], output: str, **settings: Any
) -> list[Answer | str]:
    """Return one answer per row; the reason where the request is refused or its automaton fails."""
    constrained = settings.pop("constrained")
    answers: list[Answer | str] = []
    for start in range(0, len(rows), BATCH):
        requests = [
            Request(
                row["Instruction"],
                output,
                constraints=(task.constraint(row),) if constrained else (),
                sampling=Sampling(greedy=True, seed=start + number),
                **settings,
            )
            for number, row in enumerate(rows[start : start + BATCH])
        ]
        answers += answer_each(model, requests)
        print(f"\r{len(answers)} of {len(rows)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return answers


def answer_each(model: Model, requests: Sequence[Request]) -> list[Answer | str]:
    """Return an answer to each request, together where none fails, else the reason."""
    try:
        return [group[0] for group in model.engine.generate(requests)]
    except BioMatrixError as error:
        if len(requests) == 1:
            return [f"{type(error).__name__}: {error.message}"]
        half = len(requests) // 2
        return answer_each(model, requests[:half]) + answer_each(model, requests[half:])


def judged(task: Task, rows: Sequence[Mapping[str, Any]], answers: Sequence[Answer | str]) -> list[bool]:
    """Return whether each answer succeeds: read back from its SMILES, as the official code reads it."""
    entities = [None if isinstance(answer, str) else answer.entity for answer in answers]
    mols = [None if entity is None else Chem.MolFromSmiles(entity.smiles) for entity in entities]
    return [mol is not None and task.succeeds(mol, row) for mol, row in zip(mols, rows, strict=True)]


def failures(task: Task, rows: Sequence[Mapping[str, Any]], successes: Sequence[bool]) -> Counter[str]:
    """Return how many rows failed, by which columns they ask for."""
    missed = (row for row, success in zip(rows, successes, strict=True) if not success)
    return Counter("+".join(name for name in task.columns if row[name]) for row in missed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="folder of reference data")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--rows", type=int, help="rows of each task, at a fixed stride; all when not given")
    parser.add_argument("--tasks", nargs="+", default=[task.name for task in TASKS])
    parser.add_argument("--writable", action="store_true", help="leave out rows of elements that no token writes")
    parser.add_argument("--output", default="molecule_smiles")
    parser.add_argument("--drafts", type=int, default=16, help="the most drafts of a row with constraints")
    parser.add_argument("--modes", nargs="+", default=["constrained", "guided", "unguided"])
    parser.add_argument("--at-least", type=float, default=0.0, help="the constrained success rate to reach")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    model = Model.from_pretrained(options.model)
    modes: dict[str, dict[str, Any]] = {
        "constrained": {"constrained": True, "drafts": options.drafts},
        "guided": {"constrained": False},
        "unguided": {"constrained": False, "guided": False},
    }
    figures: list[dict[str, Any]] = []
    reached = True
    for task in (task for task in TASKS if task.name in options.tasks):
        rows = rows_of(task, options.shared, options.rows)
        if options.writable:
            rows = [row for row in rows if is_writable(model, task, row, options.output)]
        print(f"{task.name}: {len(rows)} rows, {options.output}; published {task.published:.3f}")
        for mode in options.modes:
            begun = time.perf_counter()
            answers = answer_rows(model, task, rows, options.output, **modes[mode])
            seconds = (time.perf_counter() - begun) / len(rows)
            successes = judged(task, rows, answers)
            rate = success_rate(successes)
            drafts = sum(1 + len(answer.refused) for answer in answers if not isinstance(answer, str))
            valid = sum(not isinstance(each, str) and each.entity is not None for each in answers) / len(rows)
            print(f"  {mode:12} success {rate:.4f}  molecules {valid:.4f}", end="  ")
            print(f"drafts {drafts / len(rows):.2f} a row  {seconds:.3f} s a row")
            missed = failures(task, rows, successes)
            if mode == "constrained":
                reached = reached and rate >= options.at_least
                reasons = Counter(answer for answer in answers if isinstance(answer, str))
                for reason, count in reasons.most_common(12):
                    print(f"  refused {count}: {reason}")
                print("  failures by what was asked:", dict(missed.most_common(12)))
            figures.append(
                {"task": task.name, "mode": mode, "output": options.output, "rows": len(rows), "success": rate}
                | {"molecules": valid, "drafts": drafts, "seconds_per_row": seconds, "failures": dict(missed)}
            )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
