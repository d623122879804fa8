"""Whether a mangled answer was read and judged as it should be: no crash, and right only where it states a right value.

Whether a stated value is a right one is decided here without the package's metrics: molecules by the InChI of their
parts (isotopes and the hydrogens of brackets aside, which SMolInstruct's own comparison does not see), formulas by the
counts of their elements, numbers as numbers, words as words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Literal

from rdkit import Chem

from biomatrix.errors import BioMatrixError
from biomatrix.tasks.benchmarks.answers import prediction_of
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.judging import judge
from fuzzing.answer_mutants import Mutant

Verdict = Literal["wrong", "right", "graded", "crash", "undeserved"]
BAD: Final[tuple[Verdict, ...]] = ("crash", "undeserved")


def verdict(benchmark: Benchmark, example: Example, mutant: Mutant, notation: str) -> tuple[Verdict, str]:
    """Return what became of a mangled answer, and of a bad end what went wrong.

    ``graded`` where no answer is right or wrong: free text, molecules that are drawn.
    """
    try:
        prediction = prediction_of(benchmark, mutant.text, notation=notation, example=example)
        if not is_decidable(benchmark, example):
            return "graded", ""
        metric = benchmark.metrics[0]
        value = judge(benchmark, [prediction], [example])[metric.name].value
    except BioMatrixError as error:
        return "crash", error.describe()
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return "crash", f"{type(error).__name__}: {error}"
    if metric.best is None or not math.isclose(value, metric.best, abs_tol=1e-12):
        return "wrong", ""
    if mutant.hedged:
        return "undeserved", "it states several answers, or takes back its own"
    return ("right", "") if _states_gold(benchmark, example, prediction) else ("undeserved", "another value")


def is_decidable(benchmark: Benchmark, example: Example) -> bool:
    """Return whether an answer is right or wrong."""
    return benchmark.task.parser in _VALUES and bool(example.references) and benchmark.metrics[0].best is not None


def _states_gold(benchmark: Benchmark, example: Example, prediction: Prediction) -> bool:
    if prediction.stated in example.references:
        return True
    value = _VALUES[benchmark.task.parser]
    try:
        stated = value(prediction.stated)
    except ValueError:
        return False
    return stated in [value(reference) for reference in example.references]


def _molecules(text: str) -> object:
    found = [Chem.MolFromSmiles(part) for part in text.replace(";", ".").split(".")]
    if any(mol is None or not part for mol, part in zip(found, text.replace(";", ".").split("."), strict=True)):
        raise ValueError("no molecule")
    for mol in found:
        for atom in mol.GetAtoms():
            atom.SetIsotope(0)
            if atom.GetNoImplicit() and not atom.GetIsAromatic():
                atom.SetNoImplicit(False)
                atom.SetNumExplicitHs(0)
                atom.SetNumRadicalElectrons(0)
        mol.UpdatePropertyCache(strict=False)
    return frozenset(Chem.MolToInchi(Chem.RemoveHs(mol)) for mol in found)


def _formula(text: str) -> object:
    match = re.fullmatch(r"((?:[A-Z][a-z]?\d*)+)([+-]\d*)?", text)
    if match is None:
        raise ValueError("no formula")
    counts: Counter[str] = Counter()
    for element, number in re.findall(r"([A-Z][a-z]?)(\d*)", match[1]):
        counts[element] += int(number or 1)
    sign = match[2] or ""
    return frozenset(counts.items()), sign[:1], int(sign[1:] or 1) if sign else 0


_VALUES: Final[Mapping[str, Callable[[str], object]]] = {
    "entity": _molecules,
    "formula": _formula,
    "number": float,
    "name": lambda text: sorted(text.split(";")),
    "yes_no": lambda text: text.strip().lower(),
    "choice": str,
    "option": str,
    "labels": lambda text: frozenset(text.split("; ")),
}
