"""Molecules in 3D: codes chosen in open or closed loop, and joint or factored tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from biomatrix.corpus.shards import MANIFEST
from biomatrix.entities import Molecule, MoleculeStructureTokenizer
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.molecule.round_trip.measure import measure_molecules
from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes
from biomatrix.errors import BioMatrixError, ConfigurationError
from training_runs.conformers import conformers
from training_runs.documents import Ids, content_mark, drawn, written_corpus
from training_runs.kept_runs import RunFigures, logger
from training_runs.settings import RunCorpus
from training_runs.structure_tokens import NAME, FactoredTokens
from training_runs.studies import Bench, Study, line

LOOPS = {"closed": True, "open": False}
_SEED = 0
_MORE = 1.1
"""Documents that are drawn for a run, as a multiple of what it is reckoned to read."""


def loops(bench: Bench) -> Study:
    """Train on codes of the same conformers chosen in closed and in open loop."""
    tokens = FactoredTokens(bench.corpus.vocabulary)
    notes = _encoded(bench, tokens)
    lines = []
    for loop, found in notes.items():
        settings = replace(bench.settings, spare_rows=tokens.added, documents=found["held_out"])
        corpus = RunCorpus(_place(bench, loop) / "train", bench.corpus.vocabulary_folder)

        def figures(run: RunFigures, found: dict[str, Any] = found) -> dict[str, float]:
            errors = {"RMSD, Å": found["rmsd"], "bond error, Å": found["bonds"], "codes used": found["codes_used"]}
            return {"bits/atom": run.total_bits(f"view:{NAME}") / found["atoms"], **errors}

        lines.append(line(bench, "loop", loop, settings, figures, corpus))
    one = notes["closed"]
    note = (
        f"{one['train']} molecules to train on and {one['held_out']} held out, their first conformer encoded both ways "
        f"({one['left_out']} left out that one of them, or the vocabulary, cannot write); bits are of symbols and "
        "codes as two tokens an atom, hydrogens included, errors those of the held-out molecules after decoding."
    )
    return Study("Structure codes in open or closed loop", "bits an atom against RMSD (lower, both)", lines, note)


def _place(bench: Bench, loop: str) -> Path:
    tokenizer: Any = bench.corpus.vocabulary.modality(NAME)
    depends = (bench.corpus.shards.fingerprint, bench.molecules, bench.held_out, tokenizer.tokenizer.fingerprint)
    return bench.runs.folder / f"codes-{loop}-{content_mark(*depends)}"


def _encoded(bench: Bench, tokens: FactoredTokens) -> dict[str, dict[str, Any]]:
    """Write a corpus of the codes of each loop, unless they stand there; return what is known of them."""
    places = {loop: _place(bench, loop) for loop in LOOPS}
    if not all((place / "train" / MANIFEST).is_file() for place in places.values()):
        modality: Any = bench.corpus.vocabulary.modality(NAME)
        opened = MoleculeStructureTokenizer.from_pretrained
        encoders = {loop: opened(modality.tokenizer.name, closed_loop=closed) for loop, closed in LOOPS.items()}
        parts = {
            "train": conformers(bench.corpus, "train", bench.molecules, _SEED),
            "held_out": conformers(bench.corpus, "held_out", bench.held_out, _SEED),
        }
        logger.info("encoding %d conformers in open and closed loop", sum(map(len, parts.values())))
        longest = bench.corpus.row_length + 1
        written = {name: _both_ways(molecules, encoders, tokens, longest) for name, molecules in parts.items()}
        left_out = sum(len(parts[name]) - len(kept) for name, (kept, _) in written.items())
        for loop, place in places.items():
            train, held_out = (written[name][1][loop] for name in ("train", "held_out"))
            known = _known(written["held_out"][0], encoders[loop], held_out, tokens)
            known |= {"train": len(train), "held_out": len(held_out), "left_out": left_out}
            _notes(place).parent.mkdir(parents=True, exist_ok=True)
            write_whole(_notes(place), json.dumps(known).encode())
            written_corpus(place, bench.corpus, NAME, train, held_out, tokens.rows)
    return {loop: json.loads(_notes(place).read_text(encoding="utf-8")) for loop, place in places.items()}


def _notes(place: Path) -> Path:
    """Return the file beside a corpus that says what is known of its codes."""
    return place.with_name(f"{place.name}.json")


def _both_ways(
    molecules: Sequence[Molecule],
    encoders: dict[str, MoleculeStructureTokenizer],
    tokens: FactoredTokens,
    longest: int,
) -> tuple[list[Molecule], dict[str, list[Ids]]]:
    """Return the molecules that every encoder and the vocabulary can write, and their documents by encoder."""
    found = {loop: [_written(one, tokens) for one in encoders[loop].encode_each(molecules)] for loop in encoders}
    kept = [
        number
        for number in range(len(molecules))
        if all(0 < len(documents[number]) <= longest for documents in found.values())
    ]
    if not kept:
        raise ConfigurationError("no molecule can be written both ways; take more with --molecules")
    return [molecules[number] for number in kept], {loop: [found[loop][i] for i in kept] for loop in found}


def _written(codes: MoleculeCodes | BioMatrixError, tokens: FactoredTokens) -> Ids:
    """Return the document of codes; an empty one where there is none."""
    if isinstance(codes, BioMatrixError):
        return np.empty(0, dtype=np.int64)
    try:
        return tokens.written(codes)
    except BioMatrixError:
        return np.empty(0, dtype=np.int64)


def _known(
    molecules: Sequence[Molecule], encoder: MoleculeStructureTokenizer, documents: Sequence[Ids], tokens: FactoredTokens
) -> dict[str, Any]:
    trip = measure_molecules(molecules, encoder)
    errors = trip.errors
    first, last = min(tokens.codes.values()), max(tokens.codes.values())
    atoms = sum(int(((ids >= first) & (ids <= last)).sum()) for ids in documents)
    return {
        "rmsd": errors.rmsd.mean,
        "bonds": errors.bonds["all"].mae,
        "codes_used": float(trip.codes.used),
        "atoms": atoms,
        "failures": len(trip.failures),
    }


def factoring(bench: Bench) -> Study:
    """Train on the same molecules in joint tokens, and in a symbol and a code for each atom."""
    corpus, settings = bench.corpus, bench.settings.short_of(bench.corpus)
    tokens = FactoredTokens(corpus.vocabulary)
    if NAME not in corpus.held_out:
        raise ConfigurationError(f"no held-out documents of {NAME}; add the view", file=str(corpus.folder))
    mean_length = float(corpus.held_out[NAME].lengths.mean())
    train = drawn(corpus, NAME, ceil(_MORE * settings.steps * settings.tokens / mean_length), _SEED)
    shards = corpus.held_out[NAME]
    held_out = [shards.document(number)[0] for number in range(len(shards))]
    # A molecule that is too long for a row in either way is left out of both.
    parts = [
        [(ids, two) for ids in part if len(two := tokens.rewritten(ids)) <= corpus.row_length + 1]
        for part in (train, held_out)
    ]
    if not all(parts):
        raise ConfigurationError("no molecule in 3D fits a row in both ways", file=str(corpus.folder))
    atoms = sum(tokens.atoms(ids) for ids, _ in parts[1])
    mark = content_mark(corpus.shards.fingerprint, shards.fingerprint, len(train))
    written = {
        way: written_corpus(
            bench.runs.folder / f"tokens-{way}-{mark}",
            corpus,
            NAME,
            *([pair[i] for pair in part] for part in parts),
            tokens.rows,
        )
        for i, way in enumerate(("joint", "factored"))
    }
    ratio = sum(len(two) for _, two in parts[0]) / sum(len(ids) for ids, _ in parts[0])
    lines = []
    for variant, way, steps in (
        ("joint", "joint", settings.steps),
        ("factored", "factored", settings.steps),
        ("factored, as many molecules", "factored", ceil(settings.steps * ratio)),
    ):
        chosen = replace(settings, steps=steps, spare_rows=tokens.added, documents=len(parts[1]))

        def figures(run: RunFigures) -> dict[str, float]:
            bits = run.total_bits(f"view:{NAME}")
            return {
                "bits/atom": bits / atoms,
                "bits/molecule": bits / len(parts[1]),
                "M tokens learned": run.learned / 1e6,
            }

        lines.append(line(bench, "tokens", variant, chosen, figures, written[way]))
    note = (
        f"{len(parts[0])} molecules to train on, {len(parts[1])} held out, the same in both; two tokens an atom make "
        f"documents {ratio:.2f} times as long. Tables are equally large and start at random. Atoms include hydrogens."
    )
    return Study("Joint or factored molecule tokens", "bits an atom (lower)", lines, note)
