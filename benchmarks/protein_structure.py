"""Rate and distortion of the geometric codec on unseen chains, against the same codebook in open loop.

    python benchmarks/protein_structure.py CHAINS.parquet [--codes 64 256 1024 4096] [--recipe FILE] [--limit N]

Reports the shipped codebook, and with ``--codes`` others fitted on the spot by the same recipe, on all chains whose
``split`` is "test": none of their 30% clusters was fitted on. Errors are over N, CA and C after superposition.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.structure.geometry import C_N_LENGTH, backbone_frames, rmsd, tm_score
from biomatrix.structure.protein.chains import read_chains, training_chains
from biomatrix.structure.protein.geometric import GeometricTokenizer
from biomatrix.structure.protein.geometric_codebook import BREAK, CIS, TRANS, StepCodebook, step_kinds
from biomatrix.structure.protein.geometric_training import GeometricFit, fit
from biomatrix.structure.protein.tokenizer import ProteinStructureTokenizer


def open_loop(protein: Protein, codebook: StepCodebook) -> NDArray[np.int16]:
    """Each code nearest to the step between two true frames, whatever has been rebuilt."""
    codes = np.full(len(protein), -1, dtype=np.int16)
    places = np.flatnonzero(protein.resolved)
    atoms = np.asarray(protein.backbone, dtype=np.float64)[places]
    rotations, origins = backbone_frames(atoms[:-1])
    steps = ((atoms[1:] - origins[:, None]) @ rotations).reshape(-1, 9)
    kinds = step_kinds(atoms, places)[1:]
    chosen = np.full(len(places), codebook.start_code, dtype=np.int16)
    for kind in (TRANS, CIS, BREAK):
        span, mine = codebook.codes_of(kind), np.flatnonzero(kinds == kind)
        table = codebook.atoms[span].reshape(-1, 9)
        chosen[mine + 1] = span.start + (steps[mine] @ (-2 * table.T) + (table**2).sum(axis=1)).argmin(axis=1)
    codes[places] = chosen
    return codes


def peptide_bonds(backbone: NDArray[np.float32], kinds: NDArray[np.int8]) -> NDArray[np.float64]:
    """C-N distances over bonded steps."""
    distance = np.linalg.norm(backbone[1:, 0].astype(np.float64) - backbone[:-1, 2], axis=1)
    return distance[kinds[1:] != BREAK]


def measure(tokenizer: GeometricTokenizer, proteins: list[Protein], *, is_open: bool = False) -> dict[str, float]:
    """Errors, bonds, code use and rates of one tokenizer on the chains."""
    residues = sum(map(len, proteins))
    begun = time.perf_counter()
    codes = [open_loop(p, tokenizer.codebook) for p in proteins] if is_open else tokenizer.encode(proteins)
    encoded = time.perf_counter()
    decoded = tokenizer.decode(codes)
    done = time.perf_counter()
    errors, scores, bonds, broken = [], [], [], []
    for protein, back in zip(proteins, decoded, strict=True):
        truth = np.asarray(protein.backbone)
        errors.append(float(rmsd(back.reshape(-1, 3), truth.reshape(-1, 3))))
        scores.append(tm_score(back[:, 1], truth[:, 1]))
        places = np.flatnonzero(protein.resolved)
        kinds = step_kinds(truth[places], places)
        broken.append(bool((kinds[1:] == BREAK).any()))
        bonds.append(np.abs(peptide_bonds(back[places], kinds) - C_N_LENGTH))
    rmsds, has_break = np.array(errors), np.array(broken)
    used = np.unique(np.concatenate([array[array >= 0] for array in codes]))
    counts = np.bincount(np.concatenate([array[array >= 0] for array in codes]))
    share = counts[counts > 0] / counts.sum()
    return {
        "rmsd_mean": rmsds.mean(),
        "rmsd_median": float(np.median(rmsds)),
        "rmsd_p95": float(np.percentile(rmsds, 95)),
        "rmsd_worst": rmsds.max(),
        "rmsd_mean_unbroken": rmsds[~has_break].mean(),
        "rmsd_mean_broken": rmsds[has_break].mean() if has_break.any() else float("nan"),
        "tm_mean": float(np.mean(scores)),
        "tm_worst": float(np.min(scores)),
        "peptide_bond_mae": float(np.concatenate(bonds).mean()),
        "codes_used": len(used) / tokenizer.num_codes,
        "code_entropy_bits": float(-(share * np.log2(share)).sum()),
        "encode_residues_per_s": residues / (encoded - begun),
        "decode_residues_per_s": residues / (done - encoded),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", type=Path)
    parser.add_argument("--codes", type=int, nargs="*", default=[])
    parser.add_argument("--recipe", type=Path, default=Path(__file__).parents[1] / "recipes" / "protein_geometric.toml")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    records = list(read_chains(arguments.table))
    proteins = [record.protein for record in records if record.split == "test"][: arguments.limit]
    print(f"{len(proteins)} chains of split 'test', {sum(map(len, proteins))} residues")
    shipped = ProteinStructureTokenizer.from_pretrained("geometric")
    assert isinstance(shipped, GeometricTokenizer)
    runs = {"512 shipped": (shipped, False), "512 open loop": (shipped, True)}
    runs["512 greedy"] = (GeometricTokenizer(shipped.codebook, num_beams=1), False)
    results = {name: measure(tokenizer, proteins, is_open=is_open) for name, (tokenizer, is_open) in runs.items()}
    show(results)
    recipe = tomllib.loads(arguments.recipe.read_text())
    chains = training_chains(records, sources=set(recipe["data"]["sources"]))
    for num_codes in arguments.codes:
        # Jumps and cis steps keep their share of the codes.
        settings = replace(
            GeometricFit(**recipe["fit"]),
            num_codes=num_codes,
            num_break=max(8, num_codes // 8),
            num_cis=max(8, min(num_codes // 42, 96)),
        )
        codebook = fit([chain.protein for chain in chains], settings)
        fresh = {f"{num_codes} fitted": measure(GeometricTokenizer(codebook, num_beams=settings.num_beams), proteins)}
        show(fresh)
        results |= fresh
    print(f"closed over open loop, mean RMSD: {ratio(results, '512 open loop', '512 shipped'):.1f} times smaller")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


def ratio(results: dict[str, dict[str, float]], above: str, below: str) -> float:
    """Mean RMSD of one run over another's."""
    return results[above]["rmsd_mean"] / results[below]["rmsd_mean"]


def show(results: dict[str, dict[str, float]]) -> None:
    """One line a run."""
    for name, figures in results.items():
        print(f"{name:>14}  " + "  ".join(f"{key} {value:.4g}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
