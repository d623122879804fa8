"""Which chains pass the checks of backbones: real ones, decoded from tokens, mirrored, noisy, random; and how fast.

    python benchmarks/protein_checks.py CHAINS.parquet [--chains 300] [--tokenizer geometric-256] [--model nano]

Real chains are those of the validation and test splits; the same chains are written as structure tokens and read back,
mirrored, and shaken by 0.3 Angstrom. Random chains have ideal bonds and angles and torsions drawn evenly, as long
as the real ones. Prints the share that passes each check among those it could decide, and the processor time of all
checks.
With ``--model``, prints how well the model tells the sequence of a fold from the same residues in random order.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from biomatrix.entities import Protein, ProteinStructureTokenizer
from biomatrix.entities.protein.checks import check_backbone
from biomatrix.entities.protein.files.chain_table import read_chains
from biomatrix.errors import BioMatrixError
from biomatrix.metrics.geometry import (
    C_N_CA_ANGLE,
    C_N_LENGTH,
    CA_C_LENGTH,
    CA_C_N_ANGLE,
    N_CA_C_ANGLE,
    N_CA_LENGTH,
    RESIDUE_TEMPLATE,
    place_atom,
)

TARGET, TIME_TARGET = 0.95, 5.0


def random_chain(protein: Protein, draw: np.random.Generator) -> Protein:
    """Return a chain of the same sequence whose phi and psi are drawn evenly."""
    atoms = list(RESIDUE_TEMPLATE)
    for _ in range(len(protein) - 1):
        phi, psi = draw.uniform(-np.pi, np.pi, 2)
        for length, bend, torsion in (
            (C_N_LENGTH, CA_C_N_ANGLE, psi),
            (N_CA_LENGTH, C_N_CA_ANGLE, np.pi),
            (CA_C_LENGTH, N_CA_C_ANGLE, phi),
        ):
            atoms.append(place_atom(*atoms[-3:], length, bend, torsion))
    return Protein(protein.sequence, np.array(atoms, dtype=np.float32).reshape(-1, 3, 3))


def changed(protein: Protein, backbone: np.ndarray) -> Protein:
    """Return a chain with another backbone."""
    return replace(protein, backbone=backbone.astype(np.float32))


def decoded(proteins: list[Protein], tokenizer: str) -> list[Protein]:
    """Return chains written as structure tokens and read back, under their own sequence."""
    opened = ProteinStructureTokenizer.from_pretrained(tokenizer)
    found = []
    for protein, codes in zip(proteins, opened.encode_each(proteins), strict=True):
        if isinstance(codes, BioMatrixError):
            continue
        backbone = opened.decode_each([codes])[0]
        if not isinstance(backbone, BioMatrixError):
            array = backbone.backbone if isinstance(backbone, Protein) else backbone
            found.append(changed(protein, np.asarray(array)))
    return found


def tally(proteins: list[Protein]) -> tuple[Counter[str], Counter[str], float]:
    """Return how many chains pass and answer each check, and milliseconds of processor time a chain."""
    passed: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    start = time.process_time()
    for protein in proteins:
        for check in check_backbone(protein):
            if check.passed is not None:
                answered[check.name] += 1
                passed[check.name] += check.passed
    return passed, answered, 1e3 * (time.process_time() - start) / len(proteins)


def agreement(model_name: str, proteins: list[Protein], count: int) -> None:
    """Print how far true sequences stand out from shuffled ones under a model."""
    import biomatrix as bm
    from biomatrix.trust import score_agreement

    model = bm.load(model_name)
    short = [protein for protein in proteins if 40 <= len(protein) <= 90][:count]
    found = [score_agreement(model.score, protein) for protein in short]
    z = np.array([one.z for one in found])
    first = sum(one.rank == 1 for one in found)
    print(
        f"\n{model_name}: fold given its sequence against 19 shuffled ones, {len(found)} chains: z mean {z.mean():.2f},"
    )
    print(
        f"median {np.median(z):.2f}; the true one first in {first}, check passed in {(z >= 1.645).sum()} (chance: 5%)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--chains", type=int, default=300)
    parser.add_argument("--tokenizer", default="geometric-256")
    parser.add_argument("--model", help="also score sequences given structures with it")
    parser.add_argument("--scored", type=int, default=20)
    arguments = parser.parse_args()
    draw = np.random.default_rng(0)
    real = [one.protein for one in read_chains(arguments.table) if one.split in ("valid", "test")]
    real = [real[index] for index in draw.permutation(len(real))[: arguments.chains]]
    backbones = [np.asarray(protein.backbone) for protein in real]
    groups = {
        "real": real,
        "decoded": decoded(real, arguments.tokenizer),
        "mirrored": [changed(one, array * [1, 1, -1]) for one, array in zip(real, backbones, strict=True)],
        "noise 0.3": [
            changed(one, array + draw.normal(0, 0.3, array.shape)) for one, array in zip(real, backbones, strict=True)
        ],
        "random": [random_chain(one, draw) for one in real[:100]],
    }
    results = {name: tally(chains) for name, chains in groups.items()}
    print(f"{'share passed':32}" + "".join(f"{name:>12}" for name in groups))
    for check in results["real"][1]:
        shares = [
            passed[check] / answered[check] if answered[check] else float("nan")
            for passed, answered, _ in results.values()
        ]
        print(
            f"{check:32}"
            + "".join(f"{share:12.1%}" for share in shares)
            + ("" if shares[0] >= TARGET else "  below target")
        )
    print(f"{'chains':32}" + "".join(f"{len(chains):12}" for chains in groups.values()))
    lengths = np.mean([len(protein) for protein in real])
    print(
        f"{results['real'][2]:.2f} ms a chain of {lengths:.0f} residues on average (target {TIME_TARGET:g} ms at 200)"
    )
    if arguments.model:
        agreement(arguments.model, real, arguments.scored)


if __name__ == "__main__":
    main()
