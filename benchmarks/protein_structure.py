"""Rate and distortion of the geometric codec on unseen chains, against the same codes with one beam and in open loop.

    python benchmarks/protein_structure.py CHAINS.parquet [--codes 64 256 1024 4096] [--limit N] [--noise 0.05]

Reports the shipped codebooks, and with ``--codes`` others fitted on the spot by the same recipe, on all chains whose
``split`` is "test": none of their 30% clusters was fitted on. Errors are over N, CA and C after superposition.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.files.chain_table import read_chains, training_chains
from biomatrix.entities.protein.round_trip.measure import measure_proteins
from biomatrix.entities.protein.structure.geometric.codebook import (
    BREAK,
    CIS,
    TRANS,
    StepCodebook,
    step_kinds,
)
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer
from biomatrix.entities.protein.structure.geometric.training import GeometricFit, fit_tokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.rigid_steps.shifts import JumpShifts
from biomatrix.metrics.geometry import backbone_frames


class OpenLoop(GeometricTokenizer):
    """The same codebook, each code nearest to the step between two true frames, whatever the chain rebuilt so far.

    Such codes spell no shifts, so jumps are left as they are.

    Parameters
    ----------
    tokenizer : GeometricTokenizer
    name, fingerprint : str
    """

    def __init__(self, tokenizer: GeometricTokenizer, *, name: str = "open loop", fingerprint: str = "") -> None:
        none = JumpShifts(np.eye(3)[None, None], np.zeros((1, 1, 3)))
        super().__init__(
            replace(tokenizer.codebook, shifts=none), tokenizer.settings, name=name, fingerprint=fingerprint
        )

    def encode_batch(self, prepared: Sequence[Protein]) -> list[NDArray[np.int16]]:
        """Codes of each chain."""
        return [open_loop(protein, self.codebook) for protein in prepared]


def open_loop(protein: Protein, codebook: StepCodebook) -> NDArray[np.int16]:
    """Codes of one chain, each chosen by itself."""
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


def measure(tokenizer: GeometricTokenizer, proteins: list[Protein], noise: float) -> dict[str, float]:
    """Errors, bonds, code use and rates of one tokenizer on the chains, and what replaced codes do."""
    trip = measure_proteins(proteins, tokenizer, noise=noise)
    errors = trip.errors
    figures = {
        "rmsd_mean": errors.rmsd.mean,
        "rmsd_median": errors.rmsd.median,
        "rmsd_p95": errors.rmsd.p95,
        "rmsd_worst": errors.rmsd.max,
        "rmsd_mean_unbroken": errors.rmsd_by_breaks["unbroken"].mean,
        "rmsd_mean_broken": errors.rmsd_by_breaks["broken"].mean,
        "tm_mean": errors.tm_score.mean,
        "tm_worst": errors.tm_score.min,
        "peptide_bond_mae": errors.bonds_to_ideal["C-N"].mae,
        "codes_used": trip.codes.used / trip.codes.num_codes,
        "code_entropy_bits": float(np.log2(trip.codes.perplexity)),
        "bigram_entropy_bits": bigram_entropy(tokenizer, proteins),
        "encode_residues_per_s": trip.encode_residues_per_second,
        "decode_residues_per_s": trip.decode_residues_per_second,
    }
    if trip.noisy is not None:
        figures |= {
            "noisy_rmsd_mean": trip.noisy.errors.rmsd.mean,
            "noisy_tm_mean": trip.noisy.errors.tm_score.mean,
        }
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", type=Path)
    parser.add_argument("--codes", type=int, nargs="*", default=[])
    parser.add_argument(
        "--recipe", type=Path, default=Path(__file__).parents[1] / "recipes" / "protein_geometric_4096.toml"
    )
    parser.add_argument("--limit", type=int)
    parser.add_argument("--noise", type=float, default=0.0, help="also replace this share of the codes")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    records = list(read_chains(arguments.table))
    proteins = [record.protein for record in records if record.split == "test"][: arguments.limit]
    print(f"{len(proteins)} chains of split 'test', {sum(map(len, proteins))} residues")
    runs: dict[str, GeometricTokenizer] = {}
    for name in ("geometric-4096", "geometric-256"):
        shipped = ProteinStructureTokenizer.from_pretrained(name)
        assert isinstance(shipped, GeometricTokenizer)
        greedy = replace(shipped.settings, num_beams=1, short_chains=())
        runs |= {
            f"{shipped.num_codes} shipped": shipped,
            f"{shipped.num_codes} greedy": GeometricTokenizer(shipped.codebook, greedy),
            f"{shipped.num_codes} open loop": OpenLoop(shipped),
        }
    results = {name: measure(tokenizer, proteins, arguments.noise) for name, tokenizer in runs.items()}
    show(results)
    recipe = tomllib.loads(arguments.recipe.read_text())
    chains = training_chains(records, sources=set(recipe["data"]["sources"]))
    for num_codes in arguments.codes:
        tokenizer = fit_tokenizer([chain.protein for chain in chains], scaled(recipe["fit"], num_codes))
        fresh = {f"{num_codes} fitted": measure(tokenizer, proteins, arguments.noise)}
        show(fresh)
        results |= fresh
    print(f"closed over open loop, mean RMSD: {ratio(results, '256 open loop', '256 shipped'):.1f} times smaller")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


def scaled(fit: dict[str, Any], num_codes: int) -> GeometricFit:
    """A recipe's settings, for another number of codes: jumps and cis steps keep about their share."""
    settings = GeometricFit(**fit)
    if num_codes == settings.num_codes:
        return settings
    base = max(2, min(32, num_codes // 64))
    num_break, num_cis = max(8, num_codes // 16), max(2 * base, num_codes // 32 // base * base)
    num_trans = (num_codes - num_break - num_cis) // base * base
    return replace(
        settings,
        num_codes=num_codes,
        num_cis=num_cis,
        num_break=num_codes - num_trans - num_cis,
        shift_base=base,
        shift_stages=max(settings.shift_stages, 8 - int(np.log2(base))),
    )


def bigram_entropy(tokenizer: GeometricTokenizer, proteins: list[Protein]) -> float:
    """Bits of a code given the one before it, as counted on these chains: too low where pairs are rare."""
    pairs: Counter[tuple[int, int]] = Counter()
    for codes in tokenizer.encode(proteins):
        kept = codes[codes >= 0].tolist()
        pairs.update(pairwise(kept))
    before: Counter[int] = Counter()
    for (first, _), count in pairs.items():
        before[first] += count
    total = sum(pairs.values())
    return -sum(count * float(np.log2(count / before[first])) for (first, _), count in pairs.items()) / total


def ratio(results: dict[str, dict[str, float]], above: str, below: str) -> float:
    """Mean RMSD of one run over another's."""
    return results[above]["rmsd_mean"] / results[below]["rmsd_mean"]


def show(results: dict[str, dict[str, float]]) -> None:
    """Print one line per run."""
    for name, figures in results.items():
        print(f"{name:>14}  " + "  ".join(f"{key} {value:.4g}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
