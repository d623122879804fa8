"""Do intervals and sets hold the truth as often as they say? Measured on held-out molecules of MoleculeNet.

    python benchmarks/conformal.py ../shared --model nano --json conformal.json --figures figures

Two predictors: a baseline trained on a random half of each table, and a language model asked about the molecules that
were held out of its training (a hash of the graph tells, `biomatrix.corpus.holdout`). The held-out records are split at
random into calibration and test, many times; coverage is the mean over the splits, its standard deviation that of one
split. A calibration set has n records with (n + 1) times the nominal coverage a whole number, as far as there are
enough, since any other n is conservative by up to 1/(n + 1). "naive" is what one does without calibration: 1.645
standard deviations, of the baseline's residuals in training or of the language model's own samples.

Beside that: what abstention by the spread of samples saves (AURC against the oracle and against answering at random),
and the expected calibration error of yes/no probabilities before and after each recalibration. "perfect" is the error
of outcomes drawn from the probabilities themselves: what bins of this size show at the least.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from moleculenet import Floats, bagged, chance_of, features, logistic, read_table, ridge

import biomatrix as bm
from biomatrix.corpus.holdout import is_held_out, is_property_held_out
from biomatrix.errors import BioMatrixError
from biomatrix.generation import shipped_models
from biomatrix.tasks import task, task_prompt
from biomatrix.trust import calibrate, calibrate_labels, recalibrate, reliability, risk_coverage, spread_of
from biomatrix.trust.figures import reliability_figure, risk_coverage_figure

REGRESSION = {
    "ESOL": "predict_log_solubility",
    "Lipophilicity": "predict_lipophilicity",
    "FreeSolv": "predict_hydration",
}
CLASSIFICATION = ("BBBP", "BACE", "Tox21 SR-MMP")
NORMAL = {0.8: 1.2816, 0.9: 1.6449, 0.95: 1.9600}
"""Standard deviations of a normal distribution that hold the nominal share."""


@dataclass(frozen=True)
class Figure:
    """The coverage of one way of making intervals or sets; ``width`` of sets is their number of labels on average."""

    task: str
    predictor: str
    way: str
    nominal: float
    coverage: float
    split_sd: float
    width: float
    calibrated_on: int
    tested_on: int


@dataclass(frozen=True)
class Predictions:
    """Numbers predicted for held-out records, the spread of samples, and the half width of the naive interval."""

    task: str
    predictor: str
    values: Floats
    truths: Floats
    spreads: Floats
    naive: Floats


def baseline_numbers(shared: Path, name: str, coverage: float) -> Predictions:
    """Train on a random half of a table and predict the other."""
    table, generator = read_table(shared, name), np.random.default_rng(0)
    x, order = features(table.smiles), generator.permutation(len(table.labels))
    train, rest = np.split(order, [len(order) // 2])
    centre = table.labels[train].mean()
    fitted = x[train] @ ridge(x[train], table.labels[train] - centre)
    residual = float(np.std(table.labels[train] - centre - fitted))
    values, spreads = bagged(x[train], table.labels[train] - centre, x[rest], generator)
    naive = np.full(len(rest), NORMAL[coverage] * residual)
    return Predictions(name, "ridge", values + centre, table.labels[rest], spreads, naive)


def model_numbers(model: bm.Model, shared: Path, name: str, samples: int, coverage: float) -> Predictions:
    """Ask a language model about the molecules of a table that nothing was trained on; the median of samples counts."""
    table = read_table(shared, name)
    prompts, truths = [], []
    for text, truth in zip(table.smiles, table.labels, strict=True):
        try:
            molecule = bm.Molecule.from_smiles(text)
        except BioMatrixError:
            continue
        if is_held_out(molecule) or is_property_held_out(molecule):
            prompts.append(task_prompt(REGRESSION[name], {"molecule": (molecule, "molecule_smiles")}))
            truths.append(float(truth))
    groups = model.generate_batch(prompts, num_samples=samples, max_new_tokens=12)
    kept, values, spreads = [], [], []
    for place, group in enumerate(groups):
        numbers = [number for answer in group if (number := number_of(answer.text, name)) is not None]
        if len(numbers) > 1:
            kept.append(place)
            values.append(float(np.median(numbers)))
            spreads.append(spread_of(numbers))
    said = sum(number_of(answer.text, name) is not None for group in groups for answer in group)
    print(f"{model.name}, {name}: {len(prompts)} held-out molecules, {said}/{len(prompts) * samples} answers state a "
          f"number, {len(prompts) - len(kept)} molecules left out for want of two", flush=True)  # fmt: skip
    spread = np.array(spreads)
    truth = np.array(truths)[kept]
    return Predictions(name, model.name, np.array(values), truth, spread, NORMAL[coverage] * spread)


def number_of(text: str, name: str) -> float | None:
    """Return the number that an answer states, None where it states none."""
    try:
        return float(task(REGRESSION[name]).parse(text))  # type: ignore[arg-type]
    except BioMatrixError:
        return None


def splits_of(count: int, coverage: float, repeats: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield random splits into calibration and test; see the top of the file for their sizes."""
    step = round(1 / (1 - coverage))
    size = max(2 * count // 3 // step * step - 1, step - 1)
    generator = np.random.default_rng(1)
    for _ in range(repeats):
        order = generator.permutation(count)
        yield order[:size], order[size:]


def measure_intervals(found: Predictions, coverage: float, repeats: int) -> Iterator[Figure]:
    """Judge intervals of constant width, of a width that follows the spread, and naive ones."""
    error = np.abs(found.values - found.truths)
    for way in ("absolute", "normalised", "naive"):
        covered, widths, sizes = [], [], (0, 0)
        for known, new in splits_of(len(error), coverage, repeats):
            if way == "naive":
                half = found.naive[new]
            else:
                spread = found.spreads if way == "normalised" else None
                made = calibrate(
                    found.values[known], found.truths[known], None if spread is None else spread[known],
                    coverage=coverage,
                )  # fmt: skip
                half = made.threshold() * (1.0 if spread is None else made.floor + spread[new])
            covered.append(float((error[new] <= half).mean()))
            widths.append(float(np.mean(2 * half)))
            sizes = len(known), len(new)
        mean, spread_of_splits = float(np.mean(covered)), float(np.std(covered))
        yield Figure(found.task, found.predictor, way, coverage, mean, spread_of_splits, float(np.mean(widths)), *sizes)


def baseline_chances(shared: Path, name: str) -> tuple[Floats, Floats]:
    """Return the probability of yes for a held-out half of a table, and what is true."""
    table, generator = read_table(shared, name), np.random.default_rng(0)
    x, order = features(table.smiles), generator.permutation(len(table.labels))
    train, rest = np.split(order, [len(order) // 2])
    return chance_of(x[rest] @ logistic(x[train], table.labels[train], penalty=0.3)), table.labels[rest]


def measure_sets(name: str, chances: Floats, truths: Floats, coverage: float, repeats: int) -> Iterator[Figure]:
    """Judge sets of labels made by either score."""
    stated = np.stack([1 - chances, chances], axis=1)
    for way in ("lac", "aps"):
        covered, widths, sizes = [], [], (0, 0)
        for known, new in splits_of(len(truths), coverage, repeats):
            made = calibrate_labels(
                stated[known], truths[known].astype(int), ("no", "yes"), method=way, coverage=coverage
            )
            found = [made.label_set(row) for row in stated[new[:: max(1, len(new) // 300)]]]
            true = truths[new[:: max(1, len(new) // 300)]]
            covered.append(np.mean([("no", "yes")[int(y)] in labels for y, labels in zip(true, found, strict=True)]))
            widths.append(np.mean([len(labels) for labels in found]))
            sizes = len(known), len(true)
        mean, spread = float(np.mean(covered)), float(np.std(covered))
        yield Figure(name, "logistic", way, coverage, mean, spread, float(np.mean(widths)), *sizes)


def print_table(figures: list[Figure]) -> None:
    """Print coverages; one that is more than 2% off is marked."""
    print("\n| task | predictor | way | nominal | coverage | sd of a split | width | calibrated on | tested on |")
    print("|---|---|---|---|---|---|---|---|---|")
    for one in figures:
        mark = " (off)" if abs(one.coverage - one.nominal) > 0.02 else ""
        print(f"| {one.task} | {one.predictor} | {one.way} | {one.nominal:.2f} | {one.coverage:.3f}{mark} | "
              f"{one.split_sd:.3f} | {one.width:.3f} | {one.calibrated_on} | {one.tested_on} |")  # fmt: skip


def print_abstention(found: Predictions, folder: Path | None) -> None:
    """Print what answering only where samples agree saves, and draw it."""
    error = np.abs(found.values - found.truths)
    curve = risk_coverage(-found.spreads, error)
    half = curve.risks[len(error) // 2 - 1]
    print(f"abstention | {found.task} | {found.predictor} | mean error {curve.full_risk:.3f} | of the surest half "
          f"{half:.3f} | AURC {curve.area:.3f} | oracle {curve.best:.3f} | random {curve.full_risk:.3f}")  # fmt: skip
    save(folder, f"risk_{found.task}_{found.predictor}", risk_coverage_figure(curve, found.task, "mean absolute error"))


def print_calibration(name: str, chances: Floats, truths: Floats, repeats: int, folder: Path | None) -> None:
    """Print calibration error before and after each recalibration, fitted on one half, measured on the other."""
    errors: dict[str, list[float]] = {}
    generator = np.random.default_rng(2)
    for repeat in range(repeats):
        known, new = np.split(generator.permutation(len(truths)), [len(truths) // 2])
        for way in ("as stated", "temperature", "platt", "isotonic", "perfect"):
            stated, true = chances[new], truths[new]
            if (
                way == "perfect"
            ):  # outcomes drawn from the probabilities: the error that bins of this size have at least
                true = (generator.uniform(size=len(stated)) < stated).astype(float)
            elif way != "as stated":
                stated = recalibrate(chances[known], truths[known], way).apply(stated)
            found = reliability(stated, true, adaptive=True)
            errors.setdefault(way, []).append(found.error)
            if repeat == 0:
                save(folder, f"reliability_{name}_{way}", reliability_figure(found, f"{name}, {way}"))
    sure = np.maximum(chances, 1 - chances)
    curve = risk_coverage(sure, (chances > 0.5) != (truths > 0.5))
    print(f"ECE | {name} | " + " | ".join(f"{way} {np.mean(one):.3f}" for way, one in errors.items()))
    print(f"abstention | {name} | logistic | wrong {curve.full_risk:.3f} | of the surest half "
          f"{curve.risks[len(truths) // 2 - 1]:.3f} | AURC {curve.area:.3f} | oracle {curve.best:.3f}")  # fmt: skip
    save(folder, f"risk_{name}", risk_coverage_figure(curve, name, "share wrong"))


def save(folder: Path | None, name: str, svg: str) -> None:
    """Write a figure, where a folder for them was named."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name.replace(' ', '_').replace('/', '_')}.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--model", action="append", default=[], help="a shipped name or a folder; repeatable")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--coverage", type=float, default=0.9, choices=sorted(NORMAL))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figures", type=Path)
    options = parser.parse_args()
    predictions = [baseline_numbers(options.shared, name, options.coverage) for name in REGRESSION]
    for given in options.model:
        model = bm.load(given)
        model.name = given if given in shipped_models() else Path(given).resolve().parent.name
        predictions += [
            model_numbers(model, options.shared, name, options.samples, options.coverage) for name in REGRESSION
        ]
    figures = [one for found in predictions for one in measure_intervals(found, options.coverage, options.splits)]
    chances = {name: baseline_chances(options.shared, name) for name in CLASSIFICATION}
    figures += [
        one
        for name, (stated, true) in chances.items()
        for one in measure_sets(name, stated, true, options.coverage, options.splits)
    ]
    print_table(figures)
    for found in predictions:
        print_abstention(found, options.figures)
    for name, (stated, true) in chances.items():
        print_calibration(name, stated, true, options.splits, options.figures)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
