"""What the learned protein tokenizer loses on unseen chains, and what padding costs it.

    python benchmarks/gcp_vqvae.py CHAINS.parquet [--weights NAME|FOLDER] [--split test] [--limit N] [--json FILE]
    python benchmarks/gcp_vqvae.py CHAINS.parquet --speed [--threads N] [--rounds N] [--compile] [--json FILE]

Chains of a split whose 30% clusters were never learned from, by length: RMSD over N, CA and C after superposition, the
same over windows of 24 residues superposed one by one, and the TM-score over CA. Beside it, on the same chains: the
geometric codec, and an ideal helix of the chain's length, which costs no codes at all. With ``--speed`` instead: times
and memory of the network of published size, see `gcp_vqvae_speed`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from gcp_vqvae_speed import show_speed, speed
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.files.chain_table import read_chains
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.metrics.codes import CodeUse
from biomatrix.metrics.geometry import place_atom
from biomatrix.metrics.superposition import rmsd, tm_score

BOUNDS = (0, 64, 128, 256, 512, 100_000)
FRAGMENT = 24
HELIX = ((1.329, 2.035, -0.82), (1.458, 2.124, np.pi), (1.525, 1.941, -1.05))
"""Length, angle and torsion with which N, CA and C of an ideal alpha helix are placed."""

Backbone = NDArray[np.float32]


def helix(length: int) -> Backbone:
    """An ideal alpha helix."""
    atoms = [np.array([0.0, 0.0, 0.0]), np.array([1.458, 0.0, 0.0]), np.array([2.0, 1.4, 0.0])]
    while len(atoms) < 3 * length:
        for step in HELIX:
            atoms.append(np.asarray(place_atom(*atoms[-3:], *step)))
    return np.asarray(atoms, dtype=np.float32).reshape(length, 3, 3)


def chain_errors(decoded: Backbone, protein: Protein) -> tuple[float, float, float]:
    """RMSD of the chain, mean RMSD of its fragments (Angstrom), TM-score."""
    target = np.asarray(protein.backbone)
    starts = range(0, max(len(target) - FRAGMENT, 0) + 1, FRAGMENT)
    pieces = [
        slice(start, start + FRAGMENT) for start in starts if protein.resolved[start : start + FRAGMENT].sum() > 3
    ]
    local = [float(rmsd(decoded[piece].reshape(-1, 3), target[piece].reshape(-1, 3))) for piece in pieces]
    whole = float(rmsd(decoded.reshape(-1, 3), target.reshape(-1, 3)))
    return whole, float(np.mean(local)), tm_score(decoded[:, 1], target[:, 1])


def table(decoded: list[Backbone], proteins: list[Protein]) -> dict[str, dict[str, float]]:
    """Median errors by length."""
    errors = np.array([chain_errors(d, p) for d, p in zip(decoded, proteins, strict=True)])
    lengths = np.array([len(p) for p in proteins])
    rows = {}
    for low, high in pairwise(BOUNDS):
        inside = (lengths > low) & (lengths <= high)
        if inside.any():
            name = f"{low + 1}-{high}" if high < BOUNDS[-1] else f"over {low}"
            rows[name] = summary(errors[inside])
    rows["all"] = summary(errors)
    return rows


def summary(errors: NDArray[np.float64]) -> dict[str, float]:
    """Medians of the errors, and the means of RMSD and TM-score over whole chains."""
    whole, local, tm = np.median(errors, axis=0)
    return {
        "chains": len(errors),
        "rmsd": round(float(whole), 3),
        "rmsd_mean": round(float(errors[:, 0].mean()), 3),
        "rmsd_24": round(float(local), 3),
        "tm": round(float(tm), 3),
        "tm_mean": round(float(errors[:, 2].mean()), 3),
    }


def code_use(codes: list[NDArray[np.int16]], num_codes: int) -> dict[str, float]:
    """How many codes occur, and how many equally frequent ones would carry as much."""
    use = CodeUse.of(np.bincount(np.concatenate([c[c >= 0] for c in codes]), minlength=num_codes))
    return {"codes_used": use.used, "perplexity": round(use.perplexity, 1)}


def show(name: str, rows: dict[str, dict[str, float]]) -> None:
    """Print one table."""
    print(f"\n{name}\n{'length':>10} {'chains':>7} {'RMSD':>7} {'mean':>7} {'RMSD/24':>8} {'TM':>6} {'mean TM':>8}")
    for length, row in rows.items():
        rmsds = f"{row['rmsd']:7.2f} {row['rmsd_mean']:7.2f} {row['rmsd_24']:8.2f}"
        errors = f"{rmsds} {row['tm']:6.3f} {row['tm_mean']:8.3f}"
        print(f"{length:>10} {row['chains']:7d} {errors}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--weights", default="gcp_vqvae-4096")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, help="about this many chains, evenly spaced in the table")
    parser.add_argument(
        "--window", type=int, nargs=2, metavar=("SIZE", "OVERLAP"), help="other windows than the weights'"
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--speed", action="store_true", help="times of the network of published size, nothing else")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6, help="of the timing; the least time counts")
    parser.add_argument("--compile", action="store_true", help="with --speed: measure torch.compile too")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    proteins = [r.protein for r in read_chains(arguments.table) if r.split == arguments.split]
    if arguments.speed:
        timed = speed(proteins, arguments.rounds, compiled=arguments.compile)
        show_speed(timed)
        if arguments.json:
            arguments.json.write_text(json.dumps(timed, indent=2) + "\n")
        return
    proteins = proteins[:: max(1, len(proteins) // (arguments.limit or len(proteins)))]
    tokenizer = ProteinStructureTokenizer.from_pretrained(arguments.weights)
    if not isinstance(tokenizer, GCPVQVAETokenizer):
        parser.error(f"{arguments.weights} is not a GCP-VQVAE")
    if arguments.window:
        size, overlap = arguments.window
        tokenizer = tokenizer.with_behaviour(
            replace(tokenizer.behaviour, max_length=size, overlap=overlap, long_chains="windows", encoded_length=None)
        )
    begun = time.perf_counter()
    codes = tokenizer.encode(proteins)
    encoded = time.perf_counter()
    decoded = tokenizer.decode(codes)
    done = time.perf_counter()
    residues = sum(map(len, proteins))
    geometric = ProteinStructureTokenizer.from_pretrained("geometric-256")
    result = {
        "weights": tokenizer.name,
        "fingerprint": tokenizer.fingerprint,
        "split": arguments.split,
        "learned": table(decoded, proteins),
        "geometric": table(geometric.decode(geometric.encode(proteins)), proteins),
        "helix": table([helix(len(p)) for p in proteins], proteins),
        **code_use(codes, tokenizer.num_codes),
        "encode_residues_per_s": round(residues / (encoded - begun)),
        "decode_residues_per_s": round(residues / (done - encoded)),
    }
    print(f"{tokenizer.name} {tokenizer.fingerprint}")
    print(f"{len(proteins)} chains of split {arguments.split}, {residues} residues")
    show(f"{tokenizer.name}, {tokenizer.num_codes} codes", result["learned"])
    show(f"geometric codec, {geometric.num_codes} codes", result["geometric"])
    show("ideal helix, no codes", result["helix"])
    for key in ("codes_used", "perplexity", "encode_residues_per_s", "decode_residues_per_s"):
        print(f"{key}: {result[key]}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
