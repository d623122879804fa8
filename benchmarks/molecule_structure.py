"""Molecule tokenizers on the same molecules, in one run: open and closed loop, own and published, and codebook sizes.

    python benchmarks/molecule_structure.py [FILE] [--published molstructok_vqvae.safetensors] [--rates RUN]

FILE is what `biomatrix doctor roundtrip` reads (SD files, SMILES, the Parquet layouts); without it, held-out
components of the Chemical Component Dictionary that comes with Biotite. Errors are of all atoms after superposition, no
force field anywhere; bonds are lengths in Angstrom, "ring" those that close a ring. --rates RUN fits the codec anew
with 64 to 1,024 codes to the molecules that `biomatrix tokenizer train` left in RUN/molecules, and prints error against
the bits of a code given its context, by counting instead of a language model, so an upper bound.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem, rdBase

from biomatrix.doctor.records import open_records
from biomatrix.entities import Molecule, MoleculeStructureTokenizer, Reject
from biomatrix.entities.molecule.round_trip.measure import embedded, measure_molecules
from biomatrix.entities.molecule.round_trip.result import MoleculeRoundTrip
from biomatrix.entities.molecule.structure.conditioned.chemistry import graph_of
from biomatrix.entities.molecule.structure.conditioned.fitting import FittingSettings, fit, sample_of
from biomatrix.entities.molecule.structure.conditioned.problem import Problem
from biomatrix.entities.molecule.structure.conditioned.references import FIRST
from biomatrix.entities.molecule.structure.conditioned.tokenizer import ConditionedTokenizer
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.errors import BioMatrixError

CODES = (64, 128, 256, 512, 1024)
ROWS = ("RMSD mean", "RMSD median", "RMSD p95", "bonds", "ring bonds", "C-C", "C-S", "C-Cl")


def held_out_components(limit: int) -> list[Molecule]:
    """Return held-out components with ideal coordinates, in the dictionary's order."""
    from biomatrix.corpus.sources.components import COMPONENT_SOURCES

    source = COMPONENT_SOURCES["ccd"](Path("."))
    found: list[Molecule] = []
    for identifier, row in source.rows():
        try:
            record = source.record(identifier, row)
        except BioMatrixError:
            continue
        if record.split != "train" and isinstance(record.entity, Molecule):
            found.append(record.entity)
        if len(found) == limit:
            break
    return found


def molecules_of(file: Path | None, limit: int, everything: bool) -> list[Molecule | Reject]:
    """Return the molecules to measure: only held-out ones, unless all are requested."""
    if file is None:
        return list(held_out_components(limit))
    found = open_records(file, "molecule")
    records: Iterator[Any] = found.records(held_out=not everything, limit=limit)
    return list(records if found.layout.structure else embedded(records, str(file)))


def figures(trip: MoleculeRoundTrip) -> dict[str, float]:
    """Return the rows of the table."""
    errors = trip.errors
    by_type = {name: bonds.mae for name, bonds in errors.bonds_by_type.items()}
    return {
        "RMSD mean": errors.rmsd.mean,
        "RMSD median": errors.rmsd.median,
        "RMSD p95": errors.rmsd.p95,
        "bonds": errors.bonds["all"].mae,
        "ring bonds": errors.bonds["ring-closing"].mae,
        **{name: by_type.get(name, float("nan")) for name in ("C-C", "C-S", "C-Cl")},
        "failures": float(len(trip.failures)),
        "codes used": float(trip.codes.used),
    }


def tokenizers(published: Path | None) -> Iterator[tuple[str, MoleculeStructureTokenizer]]:
    """Yield what is compared."""
    opened = MoleculeStructureTokenizer.from_pretrained
    yield "default", opened()
    yield "default, open", opened(closed_loop=False)
    if published:
        yield "published", opened(published)
        yield "published, trunk", opened(published, decoder="trunk")
        yield "published, closed", opened(published, closed_loop=True)


def compare(molecules: list[Molecule | Reject], published: Path | None) -> None:
    """Print one column per tokenizer, and the ratios to the published one."""
    columns = {name: figures(measure_molecules(molecules, one)) for name, one in tokenizers(published)}
    print(f"{len(molecules)} molecules")
    print(f"{'Angstrom':14}" + "".join(f"{name:>20}" for name in columns))
    for row in columns["default"]:
        print(f"{row:14}" + "".join(f"{column[row]:20.4g}" for column in columns.values()))
    if published:
        for row in ROWS:
            print(f"published / default, {row}: {columns['published'][row] / columns['default'][row]:.1f}")


def gathered(run: Path) -> Iterator[PreparedMolecule]:
    """Yield the training molecules that a run left."""
    for file in sorted((run / "molecules").glob("*.sdf")):
        yield from prepared(Molecule(mol) for mol in Chem.SDMolSupplier(str(file), removeHs=False) if mol is not None)


def prepared(molecules: Iterable[Molecule]) -> Iterator[PreparedMolecule]:
    """Yield those that have a SELFIES and a conformer."""
    for molecule in molecules:
        try:
            yield prepare(molecule, fragments=True)
        except BioMatrixError:
            continue


def rates(run: Path, molecules: list[Molecule | Reject], rounds: int) -> None:
    """Print error against the size of the codebook, closed and open loop."""
    samples = [sample_of(item) for item in gathered(run)]
    default = MoleculeStructureTokenizer.from_pretrained()
    known = {name: value for name, value in default.config["training"].items() if name != "seed"}
    print(f"{'codes':>6}{'loop':>8}{'RMSD mean':>12}{'p95':>8}{'bonds':>8}{'ring':>8}{'used':>6}{'bits/atom':>11}")
    for count in CODES:
        settings = replace(FittingSettings(**known), num_codes=count, rounds=rounds, per_round=15_000)
        lengths, meanings = fit(samples, settings, run / "rates" / str(count))
        for closed in (True, False):
            costs = settings.costs if closed else replace(settings.costs, rate=0.0, correction=0.0)
            one = ConditionedTokenizer(
                lengths, meanings, costs, name=str(count), fingerprint="", closed_loop=closed, config={}
            )
            found = figures(measure_molecules(molecules, one))
            print(
                f"{count:6}{'closed' if closed else 'open':>8}{found['RMSD mean']:12.4f}{found['RMSD p95']:8.4f}"
                f"{found['bonds']:8.4f}{found['ring bonds']:8.4f}{found['codes used']:6.0f}"
                f"{bits_of(one, molecules):11.2f}",
                flush=True,
            )


def bits_of(tokenizer: ConditionedTokenizer, molecules: list[Molecule | Reject]) -> float:
    """Return the mean bits of a code given its context."""
    items = list(prepared(m for m in molecules if isinstance(m, Molecule)))
    codes = tokenizer.codes_of(items)
    problem = Problem.of([graph_of(item) for item in items], tokenizer.lengths)
    bits = tokenizer.meanings.bits[problem.rows(tokenizer.meanings), np.concatenate(codes)]
    return float(bits[problem.references.kinds != FIRST].mean())


def main() -> None:
    """Print the tables that the options request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="molecules with hydrogens explicit")
    parser.add_argument("--published", type=Path, help="the published checkpoint as safetensors")
    parser.add_argument("--rates", type=Path, metavar="RUN", help="also fit 64 to 1,024 codes to RUN/molecules")
    parser.add_argument("--rounds", type=int, default=6, help="of each of these fits")
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--all", action="store_true", help="of FILE, not the held-out molecules alone")
    given = parser.parse_args()
    molecules = molecules_of(given.file, given.limit, given.all)
    compare(molecules, given.published)
    if given.rates:
        rates(given.rates, molecules, given.rounds)


if __name__ == "__main__":
    with rdBase.BlockLogs():
        main()
