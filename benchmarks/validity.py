"""What is wrong with a model's answers, guided and unguided: wrappers, tokens, lengths, validity, alignment.

    python benchmarks/validity.py                                  # nano, 10,000 samples a modality
    python benchmarks/validity.py --samples 500 --modalities molecule_smiles
    python benchmarks/validity.py --published ../shared/data/tokenizer --samples 1000

For each modality a line for guided and one for unguided answers: the share whose control tokens are balanced, that
hold only tokens of the modality, that have the length asked (lengths are drawn from what the modality is used for),
that decode to an entity; of molecules in 3D, the share whose symbols and codes are aligned: as many atoms in the entity
as tokens that carry a code. Guided answers are written again where chemistry refuses a draft; the number of
such drafts is printed. ``--published`` answers with a tiny random network in the published layout (the real Qwen
vocabulary, published token strings in shuffled order), which knows no molecule at all: what holds for it holds by
construction. Exits with 1 where a guarantee is broken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from decoding.models import write_published

import biomatrix as bm
from biomatrix.generation.answers import Answer
from biomatrix.generation.model import Model, request_of

PROMPTS = {
    "molecule_smiles": "Make a molecule.",
    "molecule_selfies": "Make a molecule.",
    "molecule_structure": "Make a molecule in 3D.",
    "protein_sequence": "Design a protein.",
    "protein_structure": "Make a protein structure.",
}
LENGTHS = {"molecule_selfies": (4, 40), "molecule_structure": (4, 24), "protein_sequence": (20, 120)}
LENGTHS["molecule_smiles"], LENGTHS["protein_structure"] = (4, 30), (20, 120)
"""Shortest and longest length asked of each."""
ATOMS_OF_A_RESIDUE = 3
"""N, CA and C of a backbone."""
LEAST_VALID = {"molecule_smiles": 0.999}
"""The share of guided answers that must decode; all of them where no number is given."""


@dataclass
class Tally:
    """Counts over answers."""

    answers: int = 0
    balanced: int = 0
    inside: int = 0
    exact: int = 0
    valid: int = 0
    aligned: int = 0
    redrafts: int = 0
    tokens: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, model: Model, modality: str, length: int | None, answer: Answer) -> None:
        """Count one answer."""
        vocabulary = model.vocabulary
        block = vocabulary.block(modality)
        first, *middle, last = (*answer.token_ids, -1) if len(answer.token_ids) < 2 else answer.token_ids
        own = vocabulary.segment_ids(modality)
        inner = set(own.plain_ids.tolist() if block.modality.spelled_as_text else own.tokens.values())
        balanced = first == block.start_id and last == block.end_id and block.end_id not in middle
        inside = balanced and inner.issuperset(middle)
        self.answers += 1
        self.tokens += len(answer.token_ids)
        self.balanced += balanced
        self.inside += inside
        self.redrafts += len(answer.refused)
        self.valid += answer.entity is not None
        if answer.error:
            self.reasons[answer.error.split(":")[0][:60]] += 1
        self.exact += inside and _length(model, modality, middle) == length
        self.aligned += answer.entity is not None and _aligned(model, modality, middle, answer)

    def line(self, name: str, lengths: bool) -> str:
        """Return the counts as one row of a table."""
        exact = f"{self.exact / self.answers:9.4f}" if lengths else "        -"
        shares = " ".join(f"{n / self.answers:9.4f}" for n in (self.balanced, self.inside))
        rest = " ".join(f"{n / self.answers:9.4f}" for n in (self.valid, self.aligned))
        rate = self.tokens / max(self.seconds, 1e-9)
        return f"{name:34s} {self.answers:7,d} {shares} {exact} {rest} {self.redrafts:8,d} {rate:9,.0f}"


def _length(model: Model, modality: str, ids: Sequence[int]) -> int:
    tokens = [model.vocabulary.text([id_]) for id_ in ids]
    return model.vocabulary.block(modality).modality.length(tokens)


def _aligned(model: Model, modality: str, ids: Sequence[int], answer: Answer) -> bool:
    """Return whether the entity has an atom, or residue, for every token that carries a code."""
    points = bm.entities.kind_of(answer.entity).points(answer.entity) if answer.entity is not None else None
    if points is None:
        return True
    one = model.vocabulary.block(modality).modality
    tokens = [model.vocabulary.text([id_]) for id_ in ids]
    return len(points) in (one.length(tokens), ATOMS_OF_A_RESIDUE * one.length(tokens))


def drawn_lengths(modality: str, count: int, seed: int) -> list[int]:
    """Return the lengths that are asked."""
    least, most = LENGTHS[modality]
    return np.random.default_rng(seed).integers(least, most + 1, count).tolist()


def answers(
    model: Model, modality: str, lengths: Sequence[int], guided: bool, seed: int, chunk: int = 512
) -> Iterator[tuple[int, Answer, float]]:
    """Yield the length asked, the answer and the seconds it took, for each length; each request has its own seed.

    Unguided requests name no length: an answer of another length would be refused for that alone, whatever it says.
    """
    for start in range(0, len(lengths), chunk):
        part = list(enumerate(lengths[start : start + chunk], seed + start))
        requests = [
            request_of(PROMPTS[modality], modality, length if guided else None, seed=number, guided=guided)
            for number, length in part
        ]
        began = time.perf_counter()
        groups = model.engine.generate(requests)
        each = (time.perf_counter() - began) / len(part)
        for (_, length), (answer,) in zip(part, groups, strict=True):
            yield length, answer, each


def judge(model: Model, modality: str, samples: int, guided: bool, seed: int) -> Tally:
    """Return the counts of so many answers."""
    tally = Tally()
    lengths = drawn_lengths(modality, samples, seed)
    for length, answer, seconds in answers(model, modality, lengths, guided, seed):
        tally.add(model, modality, length, answer)
        tally.seconds += seconds
    return tally


def broken(modality: str, tally: Tally) -> list[str]:
    """Return the guarantees that guided answers broke."""
    counts = {"balanced": tally.balanced, "inside": tally.inside, "exact length": tally.exact, "aligned": tally.aligned}
    least = LEAST_VALID.get(modality, 1.0)
    counts["valid"] = tally.answers if tally.valid >= least * tally.answers else tally.valid
    return [f"{modality}: {name} {count} of {tally.answers}" for name, count in counts.items() if count < tally.answers]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano", help="a shipped name, a folder or a hub id")
    parser.add_argument("--published", type=Path, metavar="FOLDER", help="Qwen3's tokenizer: a model in that layout")
    parser.add_argument("--samples", type=int, default=10_000, help="guided answers a modality")
    parser.add_argument("--unguided", type=int, help="unguided answers a modality; a tenth when not given")
    parser.add_argument("--modalities", nargs="+", default=list(PROMPTS), choices=list(PROMPTS))
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    unguided = arguments.samples // 10 if arguments.unguided is None else arguments.unguided
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        model = bm.load(arguments.model)
        if arguments.published is not None:
            write_published(Path(scratch), arguments.published)
            model = bm.load(
                scratch, molecule_structure_tokenizer="conditioned-512", protein_structure_tokenizer="geometric-4096"
            )
        columns = ("balanced", "inside", "exact", "valid", "aligned")
        print(f"{'modality':34s} {'answers':>7s} {' '.join(f'{name:>9s}' for name in columns)} redrafts  tokens/s")
        for modality in arguments.modalities:
            for guided, count in ((True, arguments.samples), (False, unguided)):
                if not count:
                    continue
                tally = judge(model, modality, count, guided, arguments.seed)
                print(tally.line(f"{modality}, {'guided' if guided else 'unguided'}", lengths=True), flush=True)
                for reason, number in tally.reasons.most_common(5):
                    print(f"    {number:6,d} {reason}")
                faults += broken(modality, tally) if guided else []
    print("\n".join(faults) if faults else "every guarantee held")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
