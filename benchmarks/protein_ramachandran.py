"""Count where the residues of experimental chains lie in the plane of phi and psi, and write the table the checks read.

    python benchmarks/protein_ramachandran.py CHAINS.parquet [--output RAMACHANDRAN.json]

Learns from chains of the training split alone, of the sources below, without the clusters of evaluation sets. Per class
of residue (glycine, proline, before proline, any other, and unknown for all together) the counts in cells of 5 by 5
degrees are smoothed by a Gaussian that wraps round, and cells are taken from the densest down: those that hold 98% of
residues are favoured (F), those that hold 99.8% allowed (a), the rest outliers (.). Prints, for residues of the
validation split, the share in each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.files.chain_table import ChainRecord, read_chains, training_chains
from biomatrix.entities.protein.ramachandran import CLASSES, TABLE, classes_of
from biomatrix.entities.protein.thresholds import LINK_LIMIT
from biomatrix.metrics.backbone import torsions

STEP = 5
SMOOTHING = 6.0
"""Standard deviation of the Gaussian in degrees."""
FAVOURED, ALLOWED = 0.98, 0.998
SOURCES = (
    "Kortemme-Lab/covariation",
    "Kortemme-Lab/ddg",
    "Kortemme-Lab/loop_modeling",
    "LPDI-EPFL/masif",
    "biopython/biopython",
    "biotite-dev/biotite",
    "bjing2016/EigenFold",
    "degrado-lab/PoseBusters-Benchmark",
    "gitter-lab/metl-pub",
    "maabuu/posebusters",
    "octavian-ganea/equidock_public",
    "prody/ProDy",
    "psipred/cgdms",
    "schrodinger/public_binding_free_energy_benchmark",
)
"""Repositories under permissive licences whose chains are coordinates of the PDB (CC0)."""


def counts(proteins: Iterable[Protein]) -> dict[str, NDArray[np.float64]]:
    """Return the residues in each cell by class: rows psi from 180 down, columns phi from -180 up."""
    cells = 360 // STEP
    found = {name: np.zeros((cells, cells)) for name in CLASSES}
    for protein in proteins:
        if protein.backbone is None:
            continue
        turns = torsions(protein.backbone, LINK_LIMIT)
        defined = np.isfinite(turns.phi) & np.isfinite(turns.psi)
        row = np.clip((180.0 - turns.psi[defined]) // STEP, 0, cells - 1).astype(int)
        column = np.clip((turns.phi[defined] + 180.0) // STEP, 0, cells - 1).astype(int)
        for number, name in enumerate(CLASSES):
            member = classes_of(protein.sequence)[defined] == number
            np.add.at(found[name], (row[member], column[member]), 1)
    found["unknown"] = np.sum(list(found.values()), axis=0)
    return found


def smoothed(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts convolved with the Gaussian on the torus, by the Fourier transform."""
    frequencies = np.fft.fftfreq(len(grid), d=STEP)
    decay = np.exp(-2 * (np.pi * SMOOTHING * frequencies) ** 2)
    return np.asarray(np.fft.ifft2(np.fft.fft2(grid) * decay[:, None] * decay[None, :]).real)


def regions(grid: NDArray[np.float64]) -> list[str]:
    """Return the rows of the table of one class, a letter for each cell."""
    density = smoothed(grid)
    order = np.argsort(-density, axis=None, kind="stable")
    held = np.cumsum(density.ravel()[order]) / density.sum()
    letters = np.full(grid.size, ".")
    letters[order[held <= ALLOWED]] = "a"
    letters[order[held <= FAVOURED]] = "F"
    return ["".join(row) for row in letters.reshape(grid.shape)]


def table_of(records: list[ChainRecord]) -> dict[str, Any]:
    """Return the table with its provenance."""
    chains = training_chains(records, sources=SOURCES)
    found = counts(record.protein for record in chains)
    return {
        "provenance": (
            "Counted by benchmarks/protein_ramachandran.py over chains of the Protein Data Bank (coordinates CC0), "
            "training split, clusters of evaluation sets left out; no filter of resolution or B factor"
        ),
        "chains": len(chains),
        "residues": {name: int(grid.sum()) for name, grid in found.items()},
        "step": STEP,
        "favoured": FAVOURED,
        "allowed": ALLOWED,
        "smoothing": SMOOTHING,
        "layout": "rows psi from 180 down, columns phi from -180 up, in degrees; F favoured, a allowed, . outlier",
        "regions": {name: regions(grid) for name, grid in found.items()},
    }


def main() -> None:
    """Count, write, and print how the validation split falls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chains", type=Path)
    parser.add_argument("--output", type=Path, default=TABLE)
    arguments = parser.parse_args()
    records = list(read_chains(arguments.chains))
    table = table_of(records)
    arguments.output.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"{table['chains']} chains, residues {table['residues']}, {arguments.output.stat().st_size / 1e3:.1f} kB")
    for name, grid in counts(record.protein for record in records if record.split == "valid").items():
        letters = np.array([list(row) for row in table["regions"][name]])
        shares = [grid[letters == letter].sum() / grid.sum() for letter in "Fa."]
        print(
            f"{name:8} valid {int(grid.sum()):6} residues: favoured {shares[0]:.2%}, allowed {shares[1]:.2%},", end=" "
        )
        print(f"outliers {shares[2]:.2%}; area {(letters == 'F').mean():.1%} and {(letters == 'a').mean():.1%}")


if __name__ == "__main__":
    main()
