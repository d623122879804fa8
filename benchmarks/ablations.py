"""What a small decoder gains by a choice: one line for each variant, with the figure that decides.

    biomatrix corpus build recipes/nano_corpus_100m.toml --data DATA --output runs/nano_corpus_100m
    python benchmarks/ablations.py runs/nano_corpus_100m                # about 20 minutes of two cores
    python benchmarks/ablations.py CORPUS --quick                       # does everything run? figures mean nothing
    python benchmarks/ablations.py CORPUS --only initialisation loop    # some of the studies

- initialisation: where rows of structure tokens start, at random, from their description or their geometry;
- spelling: SMILES, SELFIES or both, by bits of the same molecules and validity of what is drawn;
- loop: structure codes of the same conformers chosen in open and in closed loop, by bits and by error;
- tokens: joint tokens of symbol and code, or two tokens an atom;
- samplers: proportional, temperature, UniMax (`mixture_samplers.py` shows each task).

Variants of a study differ in one thing: same decoder, steps, tokens a step and seeds, same batches where the documents
are the same. With several seeds a figure is their mean and half their range: smaller differences say nothing. Each run
is kept in OUTPUT and found again by what it depends on; one that was killed goes on. Tables are printed and written to
OUTPUT/ablations.md, their values to OUTPUT/ablations.json.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from mixture_samplers import means, nats
from training_runs.kept_runs import KeptRuns, RunFigures
from training_runs.options import add_options, chosen, end_cleanly
from training_runs.settings import RunCorpus, RunSettings
from training_runs.spelling import spelling
from training_runs.structure_studies import factoring, loops
from training_runs.studies import Bench, Study, line, only, write_down

from biomatrix.corpus.groups import document_groups
from biomatrix.errors import ConfigurationError
from biomatrix.processors import wait_asleep
from biomatrix.training.mixture_table import compared, samplers

STRUCTURES = ("molecule_structure", "protein_structure")
Scheme = Literal["random", "description", "geometry"]
SCHEMES: tuple[Scheme, ...] = ("random", "description", "geometry")
TEMPERATURE, MOST_EPOCHS = 2.0, 4.0
QUICK = {"steps": 3, "width": 32, "layers": 1, "seeds": 1, "samples": 8, "molecules": 24, "held_out": 8, "documents": 2}


def initialisation(bench: Bench) -> Study:
    """Train on structures alone, from rows of each scheme."""
    views = [view for view in STRUCTURES if view in bench.corpus.held_out and view in bench.corpus.shards.view_names]
    if not views:
        raise ConfigurationError("no documents of structures; add their views", file=str(bench.corpus.folder))
    held_out = {view: bench.corpus.held_out[view] for view in views}
    mixture = only(bench.corpus, views, bench.settings)

    def figures(run: RunFigures) -> dict[str, float]:
        return {f"{view} bits/token": run.held_out[view]["bits"] for view in views}

    lines = []
    for scheme in SCHEMES:
        settings = replace(bench.settings, initialisation=scheme, mixture=mixture, documents=bench.held_out)
        lines.append(line(bench, "initialisation", scheme, settings, figures, held_out=held_out, depends=views))
    note = "Trained on structures alone, equal tokens of each kind; all other weights start alike."
    return Study("Where rows of structure tokens start", "bits a token within structures (lower)", lines, note)


def mixtures(bench: Bench) -> Study:
    """Train on the whole corpus under each sampler."""
    groups = document_groups(bench.corpus.shards, "view")
    settings = bench.settings.short_of(bench.corpus)
    budget = settings.steps * settings.tokens
    named = samplers(TEMPERATURE, MOST_EPOCHS, budget)
    rows = compared(groups, named, budget)

    def figures(run: RunFigures) -> dict[str, float]:
        return {f"{what}, bits/token": value for what, value in in_bits(means(rows, nats(run.held_out))).items()}

    lines = [
        line(bench, "samplers", name, replace(settings, mixture=mixture), figures) for name, mixture in named.items()
    ]
    note = f"{settings.documents} held-out rows of each view and task; small tasks hold fewer tokens than the median."
    return Study("Mixture samplers", "the mean of tasks (lower), small tasks in particular", lines, note)


def in_bits(values: Mapping[str, float]) -> dict[str, float]:
    """Return nats as bits."""
    return {name: value / math.log(2) for name, value in values.items()}


STUDIES: dict[str, Callable[[Bench], Study]] = {
    "initialisation": initialisation,
    "spelling": spelling,
    "loop": loops,
    "tokens": factoring,
    "samplers": mixtures,
}


def main() -> None:
    """Run the studies and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="the work folder of a build: vocabulary, records and shards")
    parser.add_argument(
        "--only", nargs="+", choices=list(STUDIES), default=list(STUDIES), metavar="STUDY", help=", ".join(STUDIES)
    )
    parser.add_argument("--steps", type=int, default=250, help="of each training")
    parser.add_argument("--width", type=int, default=128, help="of the decoder, a multiple of 32")
    parser.add_argument("--seeds", type=int, default=2, help="trainings of each variant")
    parser.add_argument("--samples", type=int, default=256, help="molecules drawn from each model that writes them")
    parser.add_argument("--molecules", type=int, default=4000, help="conformers encoded in open and closed loop")
    parser.add_argument("--held-out", type=int, default=300, help="most molecules that whole ones are measured on")
    add_options(parser, output="runs/ablations", documents=16)
    given = chosen(parser.parse_args(), QUICK)
    corpus = RunCorpus.at(given.corpus)
    settings = RunSettings(
        given.steps,
        given.tokens,
        given.width,
        given.layers,
        given.rate,
        warmup=max(given.steps // 20, 1),
        documents=given.documents,
        threads=given.threads,
    )
    runs = KeptRuns(given.output / "runs")
    bench = Bench(corpus, runs, settings, given.seeds, given.samples, given.molecules, given.held_out)
    studies: dict[str, Study] = {}
    for number, name in enumerate(given.only, start=1):
        logging.getLogger("biomatrix.training").info("study %d of %d: %s", number, len(given.only), name)
        studies[name] = STUDIES[name](bench)
        text = "\n".join(study.markdown() for study in studies.values())
        values = {"settings": asdict(settings) | {"seeds": given.seeds}, "corpus": corpus.shards.fingerprint}
        values["studies"] = {key: study.as_json() for key, study in studies.items()}
        write_down(given.output, "ablations", text, json.dumps(values, indent=1, default=str))
    print(text)


if __name__ == "__main__":
    wait_asleep()
    with end_cleanly():
        main()
