"""What do vectors in prompts cost, and what does their absence?

    python benchmarks/soft_prompts.py
    python benchmarks/soft_prompts.py --rows 64 --rounds 5

Over ``nano``, in one process, in turns, so that a busy machine is busy for all:

- looking for vectors in prompts that hold none, as a part of reading these prompts: the target is 0.02;
- answers to prompts with a place of a vector against answers to prompts of as many tokens without: the target is 1.1;
- the time until a soft entity has its vectors (encoded, projected, placed), the first time and again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any

import torch

LOOKING, ANSWERING = 0.02, 1.1
WORDS = "Which of the solvents that are used for this would you take, and why? "
SETTINGS: dict[str, Any] = {"seed": 1}


def median_seconds(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median processor time of each work, which take turns."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            began = time.process_time()
            work()
            taken[name].append(time.process_time() - began)
    return {name: statistics.median(each[1:]) for name, each in taken.items()}  # the first makes what others use


def projector_folder(model: Any, folder: str) -> None:
    """Write a random projector of Morgan counts: two vectors of a molecule."""
    from biomatrix.soft.encoders import open_encoder
    from biomatrix.soft.projector import Projector
    from biomatrix.soft.projector_record import ProjectorRecord
    from biomatrix.vocabulary.initialisation import typical_norm

    encoder = open_encoder("morgan,parts=2")
    embedding = model.engine.writer.network.embedding
    width, own = embedding.shape[1], model.engine.model_hash
    record = ProjectorRecord("molecule", "morgan,parts=2", encoder.hash, own, encoder.k, encoder.d, width)
    torch.manual_seed(0)
    Projector(encoder.d, width, typical_norm(embedding, model.vocabulary), record=record).save_pretrained(folder)


def looking(model: Any, rows: int, rounds: int) -> float:
    """Return what looking for vectors takes, as a part of reading the prompts."""
    from biomatrix.generation.heads import LastPosition
    from biomatrix.generation.row_states import left_padded

    last = LastPosition(model.engine.writer.network)
    ids, mask = left_padded([model.prompt_ids(WORDS * 3)] * rows, last.network.device)
    positions = mask.cumsum(dim=1) - 1

    @torch.inference_mode()
    def read() -> None:
        last.forward(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=last.new_cache())

    def look() -> None:
        for _ in range(100):  # one is too short for the clock
            last.inputs(ids)

    found = median_seconds({"reading": read, "looking": look}, rounds)
    return found["looking"] / 100 / found["reading"]


def answering(model: Any, rows: int, rounds: int) -> float:
    """Return how much longer answers take after prompts with vectors than after words of as many tokens."""
    import biomatrix as bm

    molecules = [bm.Molecule.from_smiles("C" * (number % 20 + 1)) for number in range(rows)]
    soft = [[WORDS, bm.Soft(molecule), "?"] for molecule in molecules]
    tokens = len(model.prompt_ids(soft[0]))
    every = ([WORDS, "a " * words + str(number), "?"] for number in range(1000) for words in range(4))
    plain = list(islice((prompt for prompt in every if len(model.prompt_ids(prompt)) == tokens), rows))
    sizes = {name: len(model.prompt_ids(prompts[0])) for name, prompts in (("soft", soft), ("plain", plain))}
    print(f"tokens of a prompt: {sizes}")
    lengths = [32] * rows
    found = median_seconds(
        {
            "soft": lambda: model.generate_batch(soft, "protein_sequence", lengths, **SETTINGS),
            "plain": lambda: model.generate_batch(plain, "protein_sequence", lengths, **SETTINGS),
        },
        rounds,
    )
    return found["soft"] / found["plain"]


def placing(folder: str, count: int = 200) -> tuple[float, float]:
    """Return the seconds of an entity's vectors, the first time and again."""
    import biomatrix as bm
    from biomatrix.soft.soft_tokens import SoftTokens

    tokens = SoftTokens.from_pretrained(folder)
    molecules = [bm.Molecule.from_smiles("C" * number + "O") for number in range(1, count + 1)]
    tokens.place(bm.Molecule.from_smiles("N"))
    taken = []
    for _ in range(2):
        began = time.process_time()
        for molecule in molecules:
            tokens.place(molecule)
        taken.append((time.process_time() - began) / count)
    return taken[0], taken[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    import biomatrix as bm

    plain = bm.load("nano")
    with TemporaryDirectory() as folder:
        projector_folder(plain, folder)
        model = plain.with_soft(folder)
        part = looking(plain, asked.rows, asked.rounds)
        print(f"looking for vectors where there is none: {part:.5f} of reading the prompts (target {LOOKING})")
        ratio = answering(model, asked.rows, asked.rounds)
        print(f"answers after prompts with vectors: {ratio:.2f} times as long (target {ANSWERING})")
        first, again = placing(folder)
        print(f"vectors of a molecule: {first * 1e3:.2f} ms the first time, {again * 1e3:.3f} ms again")
    raise SystemExit(not (part <= LOOKING and ratio <= ANSWERING))


if __name__ == "__main__":
    main()
