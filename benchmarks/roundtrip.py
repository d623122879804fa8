"""Take real molecules and chains through encode and decode of every modality they have, and report the outcome.

    python benchmarks/roundtrip.py ../shared/data --molecules 500 --chains 500

Half of the molecules carry quantum-chemical geometries, half are SMILES embedded here. Every record ends in one of:
exact (the same canonical isomeric SMILES, the same sequence) or, in 3D, the same graph and the stereochemistry that
the conformer shows, within the limits of the kind; beyond the limit; refused with a named error;
crashed; silently changed. The last two must be zero: the script exits with 1 if they are not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
from rdkit import Chem

from biomatrix.entities import Check, Entity, Modality, Molecule, Protein, modality
from biomatrix.entities.molecule.compare import compare_conformers, compare_graphs, compare_shapes
from biomatrix.entities.protein.compare import compare_backbones, compare_sequences
from biomatrix.errors import BioMatrixError
from biomatrix.metrics.summaries import Spread

WITH_GEOMETRY = (
    "cascade_dft8k",
    "cascade_exp5k_dft",
    "conformer_benchmark_dft",
    "qm7_gdb7",
    "qm9_small_molecules_985",
)
BATCH = 50


@dataclass
class Tally:
    """The outcome of the records of one modality."""

    attempted: int = 0
    good: int = 0
    beyond: int = 0
    crashed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    rmsd: list[float] = field(default_factory=list)
    tm_score: list[float] = field(default_factory=list)
    encode_seconds: float = 0.0
    decode_seconds: float = 0.0


def molecules_with_geometry(folder: Path, count: int, rng: np.random.Generator) -> Iterator[Molecule]:
    """Molecules with their quantum-chemical geometries, as many from each file."""
    for name in WITH_GEOMETRY:
        table = parquet.read_table(folder / "conformers_3d" / f"{name}.parquet")
        rows = np.sort(rng.choice(table.num_rows, -(-count // len(WITH_GEOMETRY)), replace=False))
        for row in table.take(rows).to_pylist():
            yield built(row, name)


def built(row: dict[str, Any], source: str) -> Molecule:
    """A molecule from elements, charges, bonds and positions."""
    mol = Chem.RWMol()
    for number, charge in zip(row["atomic_numbers"], row["formal_charges"], strict=True):
        atom = Chem.Atom(int(number))
        atom.SetFormalCharge(int(charge))
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
    orders = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    for begin, end, order in np.reshape(row["bonds"], (-1, 3)).tolist():
        mol.AddBond(int(begin), int(end), orders[int(order)])
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.reshape(row["positions"], (-1, 3)).astype(np.float64))
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    return Molecule.from_rdkit(mol.GetMol(), name=f"{source}/{row['id']}")


def molecules_from_smiles(folder: Path, count: int, rng: np.random.Generator) -> Iterator[Molecule]:
    """Molecules of four SMILES files, drug-like to awkward (salts, metals, peptides)."""
    zinc = parquet.read_table(folder / "zinc250k.parquet")["smiles"].to_pylist()
    chembl = parquet.read_table(folder / "chembl30_sample.parquet")["SMILES"].to_pylist()
    with gzip.open(folder / "chebi20" / "validation.txt.gz", "rt", encoding="utf-8") as file:
        chebi = [line.split("\t")[1] for line in file.read().splitlines()[1:]]
    with gzip.open(folder / "moleculenet" / "hiv.csv.gz", "rt", encoding="utf-8") as file:
        hiv = [line.split(",")[0] for line in file.read().splitlines()[1:]]
    for name, pool in (("zinc250k", zinc), ("chembl30", chembl), ("chebi20", chebi), ("hiv", hiv)):
        for index in np.sort(rng.choice(len(pool), -(-count // 4), replace=False)).tolist():
            yield embedded(Molecule.from_smiles(pool[index], name=f"{name}/{index}"))


def embedded(molecule: Molecule) -> Molecule:
    """The molecule with a conformer; as it is where RDKit finds none."""
    try:
        return molecule.embed(seed=0)
    except BioMatrixError:
        return molecule


def chains(file: Path, count: int, rng: np.random.Generator) -> Iterator[Protein]:
    """Chains with their backbones, unresolved atoms as NaN."""
    table = parquet.read_table(file, columns=["id", "chain", "sequence", "coords", "res_num"])
    rows = np.sort(rng.choice(table.num_rows, min(count, table.num_rows), replace=False))
    for row in table.take(rows).to_pylist():
        atoms = np.asarray(row["coords"], dtype=np.float32).reshape(-1, 4, 3)
        atoms[atoms == -32768] = np.nan
        numbers = np.asarray(row["res_num"], dtype=np.int32)
        yield Protein(row["sequence"], atoms[:, :3] / np.float32(100), row["id"], row["chain"], numbers)


def agreement(mine: Modality, original: Entity, decoded: Entity) -> list[Check]:
    """The checks that a round trip through this modality must pass."""
    if isinstance(original, Molecule) and isinstance(decoded, Molecule):
        if mine.needs_structure:
            return compare_shapes(original, decoded) + compare_conformers(original, decoded)
        return compare_graphs(original, decoded)
    if isinstance(original, Protein) and isinstance(decoded, Protein):
        return (compare_backbones if mine.needs_structure else compare_sequences)(original, decoded)
    raise TypeError(f"{type(original).__name__} became {type(decoded).__name__}")


def run(mine: Modality, entities: Sequence[Entity]) -> Tally:
    """Encode and decode in batches; compare one by one."""
    tally = Tally()
    for start in range(0, len(entities), BATCH):
        batch = entities[start : start + BATCH]
        tally.attempted += len(batch)
        try:
            run_batch(mine, batch, tally)
        except Exception as error:  # noqa: BLE001 - a crash is what this script looks for
            tally.crashed.append(f"batch at {start}: {type(error).__name__}: {error}")
    return tally


def run_batch(mine: Modality, batch: Sequence[Entity], tally: Tally) -> None:
    """Take one batch through, and sort its records into the tally."""
    started = time.perf_counter()
    encoded = mine.encode_each(batch)
    tally.encode_seconds += time.perf_counter() - started
    written = [(entity, tokens) for entity, tokens in zip(batch, encoded, strict=True) if isinstance(tokens, list)]
    tally.refused.update(reason(error) for error in encoded if isinstance(error, BioMatrixError))
    started = time.perf_counter()
    decoded = mine.decode_each([tokens for _, tokens in written])
    tally.decode_seconds += time.perf_counter() - started
    for (original, _), back in zip(written, decoded, strict=True):
        if isinstance(back, BioMatrixError):
            tally.changed.append(f"{original.name}: what was encoded does not decode: {back}")
            continue
        sort_record(mine, original, back, tally)


def sort_record(mine: Modality, original: Entity, decoded: Entity, tally: Tally) -> None:
    """Count one record that came back."""
    measured = {"conformer RMSD": tally.rmsd, "backbone RMSD": tally.rmsd, "TM-score": tally.tm_score}
    beyond = False
    for check in agreement(mine, original, decoded):
        if check.name in measured:
            beyond |= check.passed is False
            if check.value is not None:
                measured[check.name].append(check.value)
        elif check.passed is False:
            tally.changed.append(f"{original.name}: {check.name}: {check.detail}")
            return
    tally.beyond += beyond
    tally.good += not beyond


def reason(error: BioMatrixError) -> str:
    """The kind and opening words of an error, so that alike refusals count together."""
    words = re.sub(r"\S*[()\[\]=#]\S*|\d+", "..", error.message.split(": ")[0]).split()
    return f"{type(error).__name__}: {' '.join(words[:9])}"


def row_of(name: str, tally: Tally) -> dict[str, Any]:
    """The figures of one modality."""
    came_back, distances = len(tally.rmsd), Spread.of(tally.rmsd)
    return {
        "modality": name,
        "attempted": tally.attempted,
        "exact or within limit": tally.good,
        "beyond limit": tally.beyond,
        "refused": sum(tally.refused.values()),
        "crashed": len(tally.crashed),
        "silently changed": len(tally.changed),
        "RMSD median": round(distances.median, 3) if came_back else None,
        "RMSD p95": round(distances.p95, 3) if came_back else None,
        "TM-score mean": round(float(np.mean(tally.tm_score)), 4) if tally.tm_score else None,
        "encoded/s": round(tally.attempted / tally.encode_seconds, 1) if tally.encode_seconds else None,
        "decoded/s": round(tally.attempted / tally.decode_seconds, 1) if tally.decode_seconds else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds molecule/ and protein/")
    parser.add_argument("--molecules", type=int, default=500)
    parser.add_argument("--chains", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--protein-tokenizer", default="default")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    folder = given.data / "molecule"
    molecules = [
        *molecules_with_geometry(folder, given.molecules // 2, rng),
        *molecules_from_smiles(folder, given.molecules // 2, rng),
    ][: given.molecules]
    proteins = list(chains(given.data / "protein" / "structures" / "chains.parquet", given.chains, rng))
    by_kind: dict[str, Sequence[Entity]] = {"molecule": molecules, "protein": proteins}
    modalities = [modality(name) for name in ("molecule_smiles", "molecule_selfies", "molecule_structure")]
    modalities += [modality("protein_sequence"), modality("protein_structure", tokenizer=given.protein_tokenizer)]
    tallies = {mine.name: run(mine, by_kind[mine.kind]) for mine in modalities}
    rows = [row_of(name, tally) for name, tally in tallies.items()]
    if given.json:
        print(json.dumps({"seed": given.seed, "rows": rows, "refused": {n: t.refused for n, t in tallies.items()}}))
    else:
        report(rows, tallies)
    return int(any(tally.crashed or tally.changed for tally in tallies.values()))


def report(rows: Sequence[dict[str, Any]], tallies: dict[str, Tally]) -> None:
    """Print one column per modality, then every refusal by reason and every fault in full."""
    for key in rows[0]:
        print(f"{key:24s}" + "".join(f"{'-' if row[key] is None else row[key]!s:>20s}" for row in rows))
    for name, tally in tallies.items():
        for kind, count in tally.refused.most_common():
            print(f"refused  {name}: {count} x {kind}")
        for line in tally.crashed:
            print(f"CRASHED  {name}: {line}")
        for line in tally.changed:
            print(f"CHANGED  {name}: {line}")


if __name__ == "__main__":
    sys.exit(main())
