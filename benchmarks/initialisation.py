"""Do protein structure tokens learn faster from rows that hold their geometry?

The same small Qwen3 (random weights, tied), the same chains in the same order, the same number of steps; only the
rows of the new tokens differ: *description* (the published scheme), *description* with its noise brought to the
scale of the model's other rows, and *geometry*. Printed: bits per residue on chains of other clusters.

    python benchmarks/initialisation.py --chains chains.parquet [--steps 300] [--seeds 2]

The table has the columns of ``biomatrix.entities.protein.files.chain_table``; its column of splits is used.
"""

from __future__ import annotations

import argparse
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

LENGTH, BATCH, WIDTH = 128, 16, 128
SCHEMES = {
    "description": ("description", 1.0),
    "description, quiet": ("description", 0.02 * math.sqrt(WIDTH)),
    "geometry": ("geometry", 0.02 * math.sqrt(WIDTH)),
}


def windows(path: Path, vocabulary: Any, split: str, chains: int) -> torch.Tensor:
    """Return windows of structure ids, each after a start token: ``int64 [n, LENGTH]``."""
    from biomatrix.entities.protein.files.chain_table import read_chains

    records = (record for record in read_chains(path) if record.split == split)
    proteins = [record.protein for record in itertools.islice(records, chains)]
    written = vocabulary.modality("protein_structure").encode_each(proteins)
    rows = []
    for tokens in written:
        if isinstance(tokens, list):
            ids = vocabulary.encode_tokens(tokens, "protein_structure")
            rows += [[ids[0], *ids[i : i + LENGTH - 1]] for i in range(1, len(ids) - LENGTH, LENGTH)]
    return torch.tensor(rows)


def model_for(vocabulary: Any, scheme: str, noise: float, seed: int) -> Any:
    """Return a small Qwen3 with new rows of the scheme; all its other weights depend on the seed alone."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from biomatrix.vocabulary import initialise

    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=vocabulary.base_size,
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        tie_word_embeddings=True,
        rope_theta=1e6,
        use_cache=False,
    )
    model = Qwen3ForCausalLM(config)
    initialise(model, vocabulary, scheme=scheme, seed=seed, noise=noise)  # type: ignore[arg-type]
    return model


def bits(model: Any, held_out: torch.Tensor) -> float:
    """Return the mean bits per residue on windows kept out of training."""
    model.eval()
    with torch.no_grad():
        losses = [float(model(input_ids=part, labels=part).loss) for part in held_out.split(BATCH)]
    return float(np.mean(losses)) / math.log(2)


def train(model: Any, data: torch.Tensor, steps: int, seed: int) -> None:
    """Train on batches drawn in an order that depends on the seed alone."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for _ in range(steps):
        batch = data[torch.randint(len(data), (BATCH,), generator=generator)]
        loss = model(input_ids=batch, labels=batch).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()


def main() -> None:
    """Train once per scheme and seed, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=Path, required=True, help="Parquet table of chains")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--train-chains", type=int, default=800)
    arguments = parser.parse_args()

    from biomatrix.entities import modality
    from biomatrix.vocabulary import Vocabulary, train_byte_bpe

    base = train_byte_bpe(["Begins a protein 3D structure. Ends a protein 3D structure. <S 0123456789>"], 300)
    vocabulary = Vocabulary.build(base, modalities=[modality("protein_structure")])
    data = windows(arguments.chains, vocabulary, "train", arguments.train_chains)
    held_out = windows(arguments.chains, vocabulary, "valid", 100)
    print(f"{vocabulary}; {len(data):,} windows of {LENGTH} to train on, {len(held_out):,} held out")
    for name, (scheme, noise) in SCHEMES.items():
        found = []
        for seed in range(arguments.seeds):
            model = model_for(vocabulary, scheme, noise, seed)
            train(model, data, arguments.steps, seed)
            found.append(bits(model, held_out))
        print(f"{name:>20}: {np.mean(found):.3f} bits a residue ({', '.join(f'{x:.3f}' for x in found)})")


if __name__ == "__main__":
    main()
