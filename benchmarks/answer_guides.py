"""What a step of the guides of text costs: numbers, choices and formulas, and free text with open segments.

Run as ``python benchmarks/answer_guides.py [FOLDER]``, where FOLDER holds the files of Qwen3's tokenizer
(``vocab.json``, ``merges.txt``, ``special_tokens.json``); without it the shipped vocabulary is measured. Printed
for each guide: seconds to make it, milliseconds for its first 64 answers step by step (cold), and milliseconds for a
step of 64 rows (``allowed`` and ``advance``) once its states are known (warm; the target is 0.3).
"""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

import numpy as np

from biomatrix.entities import modalities
from biomatrix.entities.automaton import Bounds
from biomatrix.generation import load
from biomatrix.generation.text_answers.choices import Choices, YesNo
from biomatrix.generation.text_answers.formula import MolecularFormula
from biomatrix.generation.text_answers.numbers import Number
from biomatrix.generation.text_answers.pieces import piece_bytes
from biomatrix.generation.text_answers.pieces_automaton import PiecesAutomaton
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.vocabulary import Vocabulary
from biomatrix.vocabulary.base_tokenizers import qwen3_tokenizer

ROWS, BUDGET, ROUNDS = 64, 120, 8


def steps(guide: Any, seed: int) -> list[float]:
    """Write 64 random answers; return the seconds of each step."""
    generator = np.random.default_rng(seed)
    states = np.stack([guide.start(Bounds(BUDGET))] * ROWS)
    seconds = []
    for _ in range(BUDGET):
        began = perf_counter()
        allowed = guide.allowed(states)
        taken = perf_counter() - began
        spans = [ranges[generator.integers(len(ranges))] for ranges in allowed]
        ids = np.array([generator.integers(*span) for span in spans])
        began = perf_counter()
        following = guide.advance(states, ids)
        seconds.append(taken + perf_counter() - began)
        ended = guide.finished(following)
        following[ended] = states[ended]
        states = following
        if ended.all():
            break
    return seconds


def main() -> None:
    """Print a line for each guide."""
    vocabulary = load("nano").vocabulary
    if len(sys.argv) > 1:
        vocabulary = Vocabulary.build(qwen3_tokenizer(sys.argv[1]), modalities=modalities())
    began = perf_counter()
    pieces = piece_bytes(vocabulary)
    print(f"{len(vocabulary):,} entries; {len(pieces):,} pieces spelled in {perf_counter() - began:.2f} s")
    stops = vocabulary.ending_ids
    wishes = {
        "number -5..5 with 2 decimals and a unit": Number(-5, 5, 2, "kcal/mol"),
        "number without bounds, 4 decimals": Number(decimals=4),
        "yes or no": YesNo(),
        "50 choices": Choices([f"class number {n} of the table" for n in range(50)]),
        "molecular formula": MolecularFormula(),
    }
    for name, wish in wishes.items():
        began = perf_counter()
        guide = PiecesAutomaton(wish.language(), pieces, stops, name)
        show(name, guide, perf_counter() - began)
    began = perf_counter()
    free = TextAutomaton.from_vocabulary(vocabulary)
    show("free text", free, perf_counter() - began)


def show(name: str, guide: Any, seconds: float) -> None:
    """Print what one guide costs."""
    cold = steps(guide, 0)
    for seed in range(1, ROUNDS):
        steps(guide, seed)
    warm = [second for seed in range(ROUNDS) for second in steps(guide, seed)]
    print(
        f"{name}: made in {seconds:.2f} s, {len(guide.ids):,} ids, cold {1e3 * sum(cold) / len(cold):.3f} ms, "
        f"warm {1e3 * float(np.median(warm)):.3f} ms a step (best {1e3 * min(warm):.3f})"
    )


if __name__ == "__main__":
    main()
