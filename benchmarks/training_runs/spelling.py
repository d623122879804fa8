"""SMILES, SELFIES or both: bits of the same held-out molecules however they are written, and validity of what is drawn.

Tokens of the two differ in what they hold, so bits a token say nothing here; bits of a whole molecule, its end
included, are comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit.rdBase import BlockLogs

from biomatrix.entities import Molecule
from biomatrix.errors import ConfigurationError
from training_runs.documents import ListedDocuments, by_record
from training_runs.kept_runs import RunFigures
from training_runs.studies import Bench, Study, line, only

if TYPE_CHECKING:
    from biomatrix.training.loop import Trainer
    from biomatrix.vocabulary import Vocabulary

Ids = NDArray[np.int64]
WAYS = {"SMILES": "molecule_smiles", "SELFIES": "molecule_selfies"}
_DRAWN_TOGETHER = 64


def spelling(bench: Bench) -> Study:
    """Train on SMILES, on SELFIES and on both, at equal tokens."""
    documents, atoms = same_molecules(bench)
    longest = {view: int(bench.corpus.held_out[view].lengths.max()) for view in WAYS.values()}

    def measured(trainer: Trainer) -> dict[str, float]:
        found = {}
        for way, view in WAYS.items():
            if view in trainer.held_out:
                answers = drawn_answers(trainer, view, bench.samples, longest[view])
                found |= {f"{way} {name}": value for name, value in judged(answers, view, trainer.vocabulary).items()}
        return found

    def figures(run: RunFigures) -> dict[str, float]:
        found = {}
        for way, view in WAYS.items():
            if f"view:{view}" in run.held_out:
                bits = run.total_bits(f"view:{view}")
                found |= {
                    f"{way} bits/heavy atom": bits / atoms,
                    f"{way} bits/molecule": bits / len(documents[view].ids),
                }
        return found | run.measured

    lines = []
    for variant, ways in (("SMILES", ["SMILES"]), ("SELFIES", ["SELFIES"]), ("both", list(WAYS))):
        views = [WAYS[way] for way in ways]
        settings = replace(
            bench.settings,
            mixture=only(bench.corpus, views, bench.settings),
            documents=len(documents[views[0]].ids),
        )
        held_out = {view: documents[view] for view in views}
        lines.append(
            line(
                bench,
                "spelling",
                variant,
                settings,
                figures,
                held_out=held_out,
                measure=measured,
                depends=[bench.samples, len(documents[views[0]].ids)],
            )
        )
    note = (
        f"The same {len(documents['molecule_smiles'].ids)} held-out molecules in each way; {bench.samples} drawn with "
        "no guide at a temperature of 1. Both shares its tokens between the two."
    )
    return Study("SMILES, SELFIES or both", "bits a heavy atom (lower), then valid (higher)", lines, note)


def same_molecules(bench: Bench) -> tuple[dict[str, ListedDocuments], int]:
    """Return held-out documents of the same molecules by view, and their heavy atoms together."""
    held_out = bench.corpus.held_out
    missing = [view for view in WAYS.values() if view not in held_out]
    if missing:
        raise ConfigurationError(f"no held-out documents of {missing[0]}; add the view", file=str(bench.corpus.folder))
    first, second = (by_record(held_out[view]) for view in WAYS.values())
    atoms = {key: heavy_atoms(first[key], bench.corpus.vocabulary) for key in first if key in second}
    keys = [key for key, number in atoms.items() if number][: bench.held_out]
    if not keys:
        raise ConfigurationError("no molecule is held out in both SMILES and SELFIES", file=str(bench.corpus.folder))
    documents = {
        view: ListedDocuments([found[key] for key in keys])
        for view, found in zip(WAYS.values(), (first, second), strict=True)
    }
    return documents, sum(atoms[key] for key in keys)


def heavy_atoms(ids: Ids, vocabulary: Vocabulary) -> int:
    """Return the heavy atoms of the molecule that a document begins with; 0 where it spells none."""
    value = vocabulary.decode(ids)[0] if len(ids) else None
    return int(value.mol.GetNumHeavyAtoms()) if isinstance(value, Molecule) else 0


@torch.no_grad()
def drawn_answers(trainer: Trainer, view: str, count: int, longest: int) -> list[Ids]:
    """Return what a model writes after a modality's start token, that and the end token included, unguided."""
    vocabulary, model = trainer.vocabulary, trainer.model
    writer: Any = model.eval()
    end = vocabulary.end_id(view)
    torch.manual_seed(trainer.run.seed)
    answers: list[Ids] = []
    while len(answers) < count:
        prompt = torch.full(
            (min(_DRAWN_TOGETHER, count - len(answers)), 1), vocabulary.start_id(view), device=model.device
        )
        written = writer.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=longest,
            eos_token_id=end,
            pad_token_id=end,
        )
        answers += [up_to(row, end) for row in written.cpu().numpy()]
    return answers


def up_to(ids: Ids, end: int) -> Ids:
    """Return ids up to the first end token; all where there is none."""
    places = np.flatnonzero(ids == end)
    return ids[: int(places[0]) + 1] if len(places) else ids


def judged(answers: Sequence[Ids], view: str, vocabulary: Vocabulary) -> dict[str, float]:
    """Return the share of answers that end and spell a molecule, and the mean heavy atoms of those."""
    end = vocabulary.end_id(view)
    with BlockLogs():
        closed = [ids if ids[-1] == end else ids[:0] for ids in answers]
        sizes = [heavy_atoms(ids, vocabulary) for ids in closed]
    valid = [size for size in sizes if size]
    return {"valid": len(valid) / max(len(answers), 1), "heavy atoms drawn": fmean(valid) if valid else 0.0}
