"""What the network of published size (286.9 M parameters, random weights) costs on a CPU, beside the published way.

    python benchmarks/gcp_vqvae.py CHAINS.parquet --speed [--threads N] [--rounds N] [--compile] [--json FILE]

The published way: every chain alone, padded to 512, linear maps by `torch.nn.functional.linear`. It is run with this
package's graph network, which is faster than the published one, so ratios are rather too small. The machine may be
shared: all ways run in turn, and the least time of each counts. In bfloat16 and compiled, codes and coordinates are
compared with those in float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.linear import onednn
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.metrics.superposition import rmsd
from biomatrix.peak_memory import peak_memory_bytes

PADDED = 512
LENGTHS = (129, 512)
MIXED = (40, 64, 90, 129, 150, 200, 300, 450)
_SEED = 0

Codes = list[NDArray[np.int16]]
Run = Callable[[], Any]


def published_size(chains: Sequence[Protein], sizes: NetworkSizes | None = None) -> GCPVQVAETokenizer:
    """A network of random weights whose codebook is made of latents of the chains, so that many codes occur."""
    torch.manual_seed(_SEED)
    model = GCPVQVAE(sizes or NetworkSizes()).eval()
    tokenizer = GCPVQVAETokenizer(model, Behaviour(max_length=PADDED), "random", "0", residues_a_batch=1024)
    with torch.inference_mode():
        latents = torch.cat([model.latents(tokenizer.graph(chain))[0] for chain in chains])
        codebook = model.vqvae.vector_quantizer.codebook
        rows = latents[torch.arange(codebook.embed.shape[1]) % len(latents)]
        codebook.embed[0] = rows + 0.5 * latents.std(dim=0) * torch.randn(rows.shape)
    return tokenizer


def chains_of(proteins: Sequence[Protein], lengths: Sequence[int]) -> list[Protein]:
    """Starts of chains, each wholly resolved, of the given lengths."""
    chosen: list[Protein] = []
    for length in lengths:
        names = {chain.name for chain in chosen}
        start = next(p for p in proteins if len(p) >= length and p.resolved[:length].all() and p.name not in names)
        assert start.backbone is not None
        chosen.append(Protein(start.sequence[:length], start.backbone[:length], start.name))
    return chosen


def alternate(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Milliseconds of each way: all run in turn for a number of rounds, the least of each counts."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - begun)
    return {name: round(seconds * 1e3, 1) for name, seconds in best.items()}


def stock(run: Run) -> Run:
    """With `torch.nn.functional.linear`."""

    def stocked() -> Any:
        with onednn(False):
            return run()

    return stocked


def half(run: Run) -> Run:
    """With automatic bfloat16."""

    def halved() -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return run()

    return halved


def one_chain(tokenizer: GCPVQVAETokenizer, chain: Protein, rounds: int) -> dict[str, dict[str, float]]:
    """Encode and decode one chain: ours, padded, as published, in bfloat16."""
    codes = tokenizer.encode([chain])
    table = {}
    for name, run in (
        ("encode", lambda pad=None: tokenizer.padded(pad).encode([chain])),
        ("decode", lambda pad=None: tokenizer.padded(pad).decode(codes)),
    ):
        times = alternate(
            {
                "ours": run,
                "stock_linear": stock(run),
                "padded": lambda run=run: run(PADDED),
                "as_published": stock(lambda run=run: run(PADDED)),
                "bfloat16": half(run),
            },
            rounds,
        )
        table[name] = {**times, "ratio": round(times["as_published"] / times["ours"], 2)}
    return table


def mixed_lengths(tokenizer: GCPVQVAETokenizer, chains: list[Protein], rounds: int) -> dict[str, dict[str, float]]:
    """Chains of many lengths: in batches of like length, one by one, and one by one as published."""
    codes = tokenizer.encode(chains)
    runs: dict[str, dict[str, Run]] = {
        "encode": {
            "ours": lambda: tokenizer.encode(chains),
            "one_by_one": lambda: [tokenizer.encode([chain]) for chain in chains],
            "as_published": stock(lambda: [tokenizer.padded(PADDED).encode([chain]) for chain in chains]),
        },
        "decode": {
            "ours": lambda: tokenizer.decode(codes),
            "one_by_one": lambda: [tokenizer.decode([one]) for one in codes],
            "as_published": stock(lambda: [tokenizer.padded(PADDED).decode([one]) for one in codes]),
        },
    }
    table = {}
    for name, ways in runs.items():
        times = alternate(ways, rounds)
        table[name] = {**times, "ratio": round(times["as_published"] / times["ours"], 2)}
    return table


def agreement(tokenizer: GCPVQVAETokenizer, chains: list[Protein], way: Callable[[Run], Run]) -> dict[str, float]:
    """Share of the codes that are the same another way, and RMSD of coordinates (Angstrom) from the same codes."""
    codes, others = tokenizer.encode(chains), way(lambda: tokenizer.encode(chains))()
    same = np.concatenate([a == b for a, b in zip(codes, others, strict=True)]).mean()
    pairs = zip(tokenizer.decode(codes), way(lambda: tokenizer.decode(codes))(), strict=True)
    apart = [float(rmsd(a.reshape(-1, 3), b.reshape(-1, 3))) for a, b in pairs]
    return {"same_codes": round(float(same), 4), "coordinate_rmsd": float(f"{np.mean(apart):.2g}")}


def compiled_times(tokenizer: GCPVQVAETokenizer, chain: Protein, rounds: int) -> dict[str, float]:
    """Both transformers compiled, on one chain."""
    codes = tokenizer.encode([chain])
    network = tokenizer.model.vqvae
    begun = time.perf_counter()
    for part in (network.encoder_blocks, network.decoder.decoder_stack):
        part.compile(dynamic=True)
    again = tokenizer.encode([chain])
    tokenizer.decode(codes)
    spent = time.perf_counter() - begun
    ways = {"encode": lambda: tokenizer.encode([chain]), "decode": lambda: tokenizer.decode(codes)}
    return {
        "same_codes": round(float((again[0] == codes[0]).mean()), 4),
        "compilation_s": round(spent, 1),
        **alternate(ways, rounds),
    }


def speed(
    proteins: Sequence[Protein], rounds: int, *, compiled: bool, sizes: NetworkSizes | None = None
) -> dict[str, Any]:
    """Measure everything."""
    singles, mixed = chains_of(proteins, LENGTHS), chains_of(proteins, MIXED)
    tokenizer = published_size(mixed, sizes)
    result: dict[str, Any] = {
        "parameters": sum(p.numel() for p in tokenizer.model.parameters()),
        "threads": torch.get_num_threads(),
    }
    for chain in singles:
        result[f"one chain of {len(chain)}"] = one_chain(tokenizer, chain, rounds)
    result["mixed lengths"] = mixed_lengths(tokenizer, mixed, max(2, rounds // 3))
    result["bfloat16"] = agreement(tokenizer, mixed, half)
    whole = tokenizer.with_behaviour(replace(tokenizer.behaviour, padding="max_length"))
    codes = zip(tokenizer.encode(mixed), stock(lambda: whole.encode(mixed))(), strict=True)
    result["same codes as published way"] = round(float(np.concatenate([a == b for a, b in codes]).mean()), 4)
    if compiled:
        result["compiled, one chain of 129"] = compiled_times(tokenizer, singles[0], rounds)
    result["peak_memory_mib"] = round(peak_memory_bytes() / 2**20)
    return result


def show_speed(result: dict[str, Any]) -> None:
    """Print what `speed` measured; times in milliseconds."""
    for name, value in result.items():
        if isinstance(value, dict) and all(isinstance(row, dict) for row in value.values()):
            for what, row in value.items():
                print(f"{name}, {what}, ms: " + ", ".join(f"{key} {number}" for key, number in row.items()))
        else:
            print(f"{name}: {value}")
