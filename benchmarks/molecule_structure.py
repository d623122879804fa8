"""The shipped molecule tokenizer against the published weights on the same held-out molecules, in one run.

    python benchmarks/molecule_structure.py molecules.sdf --published molstructok_vqvae.safetensors

Without a file it takes held-out molecules of the Chemical Component Dictionary that Biotite carries. Prints the error
after decoding (all atoms, superimposed, no force field), the error of bond lengths, and the ratio published / own.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from rdkit import Chem, rdBase

from biomatrix.corpus.holdout import is_held_out
from biomatrix.entities import Molecule
from biomatrix.structure import MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.structure.geometry import rmsd
from biomatrix.structure.molecule.graph import ordered_graph

Figures = dict[str, float]


def held_out_components(limit: int) -> list[Molecule]:
    """Return held-out components with ideal coordinates, in the dictionary's order."""
    from biomatrix.corpus.sources.components import COMPONENT_SOURCES
    from biomatrix.errors import BioMatrixError

    source = COMPONENT_SOURCES["ccd"](Path("../shared/data"))
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


def held_out_of_file(path: Path, limit: int) -> list[Molecule]:
    """Return the held-out molecules of an SD file."""
    mols = Chem.SDMolSupplier(str(path), removeHs=False)
    kept = (Molecule(mol) for mol in mols if mol is not None and is_held_out(mol))
    return [molecule for molecule, _ in zip(kept, range(limit), strict=False)]


def measure(tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]) -> Figures:
    """Encode and decode, and compare with the input."""
    started = time.perf_counter()
    encoded = tokenizer.encode(molecules, on_error="return")
    encoding = time.perf_counter() - started
    pairs = [(m, c) for m, c in zip(molecules, encoded, strict=True) if isinstance(c, MoleculeCodes)]
    started = time.perf_counter()
    decoded = tokenizer.decode([codes for _, codes in pairs], on_error="return")
    decoding = time.perf_counter() - started
    errors, bonds, codes_used, same_stereo = [], [], set(), 0
    for (molecule, codes), back in zip(pairs, decoded, strict=True):
        if not isinstance(back, Molecule):
            continue
        graph = ordered_graph(molecule.mol)
        true = molecule.mol.GetConformer().GetPositions()[graph.order]
        got = back.mol.GetConformer().GetPositions()
        errors.append(rmsd(got, true))
        begin, end = graph.bonds.T
        lengths = [np.linalg.norm(x[begin] - x[end], axis=1) for x in (true, got)]
        bonds.append(np.abs(lengths[0] - lengths[1]))
        codes_used |= set(codes.atom_codes.tolist())
        reread = Chem.Mol(molecule.mol)
        Chem.AssignStereochemistryFrom3D(reread)
        same_stereo += Molecule(reread).smiles == back.smiles
    return {
        "molecules": len(molecules),
        "failures": len(molecules) - len(errors),
        "RMSD mean (A)": float(np.mean(errors)),
        "RMSD median (A)": float(np.median(errors)),
        "RMSD p95 (A)": float(np.quantile(errors, 0.95)),
        "bond MAE (A)": float(np.concatenate(bonds).mean()),
        "codes used": len(codes_used),
        "same isomeric SMILES": same_stereo / max(len(errors), 1),
        "encoded / s": len(molecules) / encoding,
        "decoded / s": len(pairs) / decoding,
    }


def main() -> None:
    """Print one column a tokenizer and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="an SD file with 3D molecules, hydrogens explicit")
    parser.add_argument("--published", type=Path, help="the published checkpoint as safetensors")
    parser.add_argument("--limit", type=int, default=600)
    given = parser.parse_args()
    molecules = held_out_of_file(given.file, given.limit) if given.file else held_out_components(given.limit)
    columns = {
        "own": measure(MoleculeStructureTokenizer.from_pretrained(), molecules),
        "own, open": measure(MoleculeStructureTokenizer.from_pretrained(closed_loop=False), molecules),
    }
    if given.published:
        columns["published"] = measure(MoleculeStructureTokenizer.from_pretrained(given.published), molecules)
        closed = MoleculeStructureTokenizer.from_pretrained(given.published, closed_loop=True)
        columns["published, closed"] = measure(closed, molecules)
    print(f"{'':24}" + "".join(f"{name:>20}" for name in columns))
    for row in columns["own"]:
        print(f"{row:24}" + "".join(f"{figures[row]:20.4g}" for figures in columns.values()))
    if given.published:
        for row in ("RMSD mean (A)", "RMSD p95 (A)", "bond MAE (A)"):
            print(f"ratio published / own, {row}: {columns['published'][row] / columns['own'][row]:.2f}")


if __name__ == "__main__":
    with rdBase.BlockLogs():
        main()
