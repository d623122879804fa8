"""How many SMILES strings of a model RDKit reads, guided by the automaton and by pieces alone, in one run.

    python benchmarks/smiles_validity.py --samples 2000

Nothing is drafted again: the figures are of first drafts, so one less the guided share is how often an engine that
looks at the finished molecule has to write again. The remaining reasons are printed.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
import torch
from rdkit.rdBase import BlockLogs

import biomatrix as bm
from biomatrix.entities.automaton import Automaton
from biomatrix.entities.grammar import one_or_more
from biomatrix.entities.molecule.modalities.smiles import MoleculeSmiles
from biomatrix.entities.table_automaton import TableAutomaton
from biomatrix.errors import DecodeError
from biomatrix.generation.model import Model
from biomatrix.tasks import task_prompt

NAME = "molecule_smiles"


def pieces_alone(model: Model) -> TableAutomaton:
    """Return the automaton that allows any base pieces."""
    ids = model.vocabulary.segment_ids(NAME)
    classes = np.zeros(len(ids.plain_ids), dtype=np.int64)
    return TableAutomaton(NAME, ids.start_id, ids.end_id, ids.plain_ids, classes, one_or_more(counted=False))


def measure(model: Model, samples: int, limit: int, automaton: Automaton | None) -> float:
    """Write samples under an automaton, the modality's own where none is given, and print what became of them.

    Returns the tokens written in a second.
    """
    started = time.perf_counter()
    answers = model.generate(
        task_prompt(f"make_{NAME}"),
        output=NAME,
        num_samples=samples,
        temperature=1.0,
        max_new_tokens=limit,
        drafts=1,
        constraints=() if automaton is None else (lambda _: automaton,),
    )
    seconds = time.perf_counter() - started
    reasons = Counter(reason_of(answer.text) for answer in answers)
    tokens = sum(len(answer.token_ids) for answer in answers)
    valid = reasons.pop("", 0)
    print(f"{'guided' if automaton is None else 'pieces alone'}: {valid}/{samples} valid ({valid / samples:.2%})")
    print(f"  {tokens / seconds:,.0f} tokens/s, {tokens / samples:.1f} tokens a sample, {seconds:.1f} s")
    for reason, number in reasons.most_common(8):
        print(f"  {number}: {reason}")
    return tokens / seconds


def reason_of(text: str) -> str:
    """Return why a written segment is no molecule, empty where it is one."""
    smiles = text.removeprefix(MoleculeSmiles.start_token).removesuffix(MoleculeSmiles.end_token)
    try:
        with BlockLogs():
            MoleculeSmiles().decode([smiles])
    except DecodeError as error:
        return error.message[:100]
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--max-new-tokens", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = bm.load(options.model)
    guided, alone = (
        measure(model, options.samples, options.max_new_tokens, automaton) for automaton in (None, pieces_alone(model))
    )
    print(f"guided writes {guided / alone:.2f} times as many tokens a second as pieces alone")


if __name__ == "__main__":
    main()
