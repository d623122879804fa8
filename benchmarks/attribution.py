"""Do attributions point at what matters? Residues and atoms with the highest weights are deleted, against random ones.

    python benchmarks/attribution.py ../shared --model nano --prompts 60

For held-out molecules and proteins, a model answers greedily, and its answer is explained. Then the fifth of the atoms
or residues with the highest weights is deleted from the prompt (their tokens are left out, which no method does
itself), and as often a random fifth, ten times. A faithful method makes the answer less likely than chance does, more
often than not. The interval of the mean difference is of 2,000 resamples of the prompts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from moleculenet import read_table

import biomatrix as bm
from biomatrix.corpus.holdout import is_held_out, is_property_held_out
from biomatrix.errors import BioMatrixError
from biomatrix.generation.attribution import METHODS, attribute
from biomatrix.generation.continuation_scores import ContinuationScores
from biomatrix.tasks import task_prompt

SHARE, DRAWS, RESAMPLES, STEPS = 0.2, 10, 2000, 32
CHAINS = "data/protein/localization/peer_subcellular_localization_2_test.parquet"


@dataclass(frozen=True)
class Fall:
    """How far the log-likelihood of an answer falls, in nats."""

    top: float
    random: float
    seconds: float


def molecules(shared: Path, count: int) -> Iterator[list[object]]:
    """Yield questions about held-out molecules of ESOL and Lipophilicity, in turn."""
    for name, asked in (("ESOL", "predict_log_solubility"), ("Lipophilicity", "predict_lipophilicity")):
        found = 0
        for text in read_table(shared, name).smiles:
            molecule = bm.Molecule.from_smiles(text)
            writable = "." not in text and 8 <= molecule.num_atoms <= 40
            if found < count and writable and (is_held_out(molecule) or is_property_held_out(molecule)):
                found += 1
                yield task_prompt(asked, {"molecule": (molecule, "molecule_selfies")})


def proteins(shared: Path, count: int, longest: int) -> Iterator[list[object]]:
    """Yield questions about chains of a published test set, which is kept out of training."""
    rows = pq.read_table(shared / CHAINS, columns=["primary"])["primary"].to_pylist()
    short = [text for text in rows if 20 <= len(text) <= longest]
    for text in short[:count]:
        chain = bm.Protein.from_sequence(text)
        yield task_prompt("membrane_protein", {"protein_sequence": (chain, "protein_sequence")})


def fall(model: bm.Model, prompt: list[object], method: str, generator: np.random.Generator) -> Fall | None:
    """Explain the greedy answer to a prompt and delete; None where there is nothing to delete."""
    (answer,) = model.generate(prompt, greedy=True, max_new_tokens=12)  # type: ignore[arg-type]
    if not answer.text.strip():
        return None
    started = time.perf_counter()
    found = attribute(model, prompt, answer.text, method, steps=STEPS)  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    shown, weights = found.judged.entities[0], found.entities[0].weights
    written = [place for place in found.entities[0].ranked() if np.isfinite(weights[place])]
    size = max(1, round(SHARE * len(written)))
    before = model.prompt_ids(prompt)  # type: ignore[arg-type]
    scores = ContinuationScores(model.network, model.vocabulary, model.vocabulary.encode(answer.text))
    real = scores.embeddings(before)

    def without(units: list[int]) -> object:
        gone = {place for unit in units for place in shown.tokens[unit]}
        return real[[place for place in range(len(before)) if place not in gone]]

    drawn = [generator.choice(written, size=size, replace=False).tolist() for _ in range(DRAWS)]
    variants = [without(written[:size]), *map(without, drawn)]
    whole, top, *others = scores.of_prompts([real, *variants])  # type: ignore[list-item]
    return Fall(whole - top, whole - float(np.mean(others)), seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--longest", type=int, default=200, help="residues of a chain")
    parser.add_argument("--about", choices=("molecules", "proteins"), help="both when not given")
    options = parser.parse_args()
    model = bm.load(options.model)
    print("| about | method | prompts | top fifth | random fifth | difference, 95% | top falls further | s a prompt |")
    print("|---|---|---|---|---|---|---|---|")
    for about in [options.about] if options.about else ["molecules", "proteins"]:
        if about == "molecules":
            prompts = list(molecules(options.shared, (options.prompts + 1) // 2))[: options.prompts]
        else:
            prompts = list(proteins(options.shared, options.prompts, options.longest))
        for method in METHODS:
            generator, falls = np.random.default_rng(0), []
            for prompt in prompts:
                try:
                    one = fall(model, prompt, method, generator)
                except BioMatrixError as error:
                    print(f"left out: {error}")
                    continue
                falls += [] if one is None else [one]
            gaps = np.array([one.top - one.random for one in falls])
            means = np.random.default_rng(1).choice(gaps, size=(RESAMPLES, len(gaps))).mean(axis=1)
            low, high = np.percentile(means, (2.5, 97.5))
            top, random = (float(np.mean([getattr(one, name) for one in falls])) for name in ("top", "random"))
            seconds = float(np.mean([one.seconds for one in falls]))
            print(f"| {about} | {method} | {len(falls)} | {top:.3f} | {random:.3f} | {gaps.mean():.3f} ({low:.3f} to "
                  f"{high:.3f}) | {(gaps > 0).mean():.2f} | {seconds:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
