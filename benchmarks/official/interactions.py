"""Pairs at hand as the files of BindingDB, STITCH, the jglaser set, CrossDocked2020, AlphaSeq and PPIRef."""

from __future__ import annotations

import json
import math
import zipfile
from importlib.resources import files
from string import ascii_uppercase
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem, Descriptors
from rdkit.rdBase import BlockLogs

from official.atoms import Chain, decoded, pdb_lines
from official.proteins import ANTIBODIES, CHAINS
from official.tables import Job

LIGANDS = "interaction/complexes/protein_ligand.parquet"
PAIRS = "interaction/complexes/protein_protein.parquet"
_INTERFACE = 10.0
"""Angstrom between backbone atoms; side chains, between which 6 are meant, are not at hand."""


def bindingdb(job: Job) -> str:
    """Write the table, its columns those of the shipped sample."""
    sample = files("biomatrix.corpus.sources.published") / "samples/bindingdb/BindingDB_All.tsv"
    names = sample.read_text().split("\n", 1)[0].split("\t")
    lines = ["\t".join(names)]
    for number, row in enumerate(job.rows("interaction/bindingdb_kd/kd_all.parquet"), start=1):
        values = {
            "BindingDB Reactant_set_id": str(number), "Ligand SMILES": row["smiles"], "Kd (nM)": _nanomolar(row["pKd"]),
            "BindingDB Target Chain Sequence 1": row["protein_sequence"], "pH": "7.4", "Temp (C)": "25.00 C",
            "Curation/DataSource": "Curated from the literature by BindingDB",
            "Number of Protein Chains in Target (>1 implies a multichain complex)": "1",
        }  # fmt: skip
        lines.append("\t".join(values.get(name, "") for name in names))
    job.write("BindingDB_All.tsv", "\n".join([*lines, ""]))
    return "pairs of BindingDB with their Kd, without names"


def _nanomolar(negative_log: float) -> str:
    return f" {10 ** (9 - negative_log):.4g}"


def stitch(job: Job) -> str:
    """Write links, chemicals and sequences."""
    ligands = json.loads("\n".join(job.lines("interaction/kiba/ligands_can.txt.gz")))
    proteins = json.loads("\n".join(job.lines("interaction/kiba/proteins.txt.gz")))
    listed, names = list(ligands.values()), list(proteins)
    pairs = [(row["ligand_id"], row["protein_id"], row["affinity"]) for row in _kiba(job, ligands)]
    chemicals = {at: f"CIDm{at + 1:08d}" for at in sorted({at for at, _, _ in pairs})}
    with BlockLogs():
        mols = {at: Chem.MolFromSmiles(listed[at]) for at in chemicals}
    rows = [
        f"{name}\tchemical {at}\t{Descriptors.MolWt(mols[at]):.1f}\t{listed[at]}\n"
        for at, name in chemicals.items()
        if mols[at] is not None
    ]
    links = [f"{chemicals[at]}\t9606.{names[to]}\t{min(999, round(60 * value))}\n" for at, to, value in sorted(pairs)]
    job.write("chemicals.v5.0.tsv", "chemical\tname\tmolecular_weight\tSMILES_string\n" + "".join(rows))
    job.write("protein_chemical.links.v5.0.tsv.gz", "chemical\tprotein\tcombined_score\n" + "".join(links))
    job.write("protein.sequences.v10.fa", "".join(f">9606.{name}\n{letters}\n" for name, letters in proteins.items()))
    return "pairs of KIBA: kinases, longer than the mean protein; scores made of its values"


def _kiba(job: Job, ligands: dict[str, str]) -> list[dict[str, Any]]:
    """Return pairs whose ids are numbers in the files' order, whatever the table names them by."""
    rows = job.rows("interaction/kiba/pairs.parquet")
    if isinstance(rows[0]["ligand_id"], str):
        proteins = json.loads("\n".join(job.lines("interaction/kiba/proteins.txt.gz")))
        places = {name: at for at, name in enumerate(ligands)}, {name: at for at, name in enumerate(proteins)}
        return [
            {**row, "ligand_id": places[0][row["ligand_id"]], "protein_id": places[1][row["protein_id"]]}
            for row in rows
        ]
    return rows


def binding_affinity(job: Job) -> str:
    """Write a Parquet file."""
    rows = job.rows("interaction/bindingdb_kd/kd_all.parquet")
    job.write_parquet(
        "bindingdb.parquet",
        (
            {
                "seq": row["protein_sequence"],
                "smiles": row["smiles"],
                "neg_log10_affinity_M": row["pKd"],
                "affinity_uM": 10 ** (6 - row["pKd"]),
            }
            for row in reversed(rows)
        ),
    )
    return "pairs of BindingDB, one of the sets it is gathered from"


def crossdocked2020(job: Job) -> str:
    """Write a types file, and receptors and ligands below it."""
    lines = []
    for number, row in enumerate(job.rows(LIGANDS)):
        ligand = _ligand(row)
        if ligand is None:
            continue
        folder, receptor = f"POCKET_{number}", f"{row['pdb_id']}_A_rec"
        pose = f"{receptor}_{row['pdb_id']}_lig_tt_docked"
        places = decoded(row["backbone"], row["origin"])
        chains, first = [], 0
        for at, (length, letters) in enumerate(zip(row["chain_lengths"], row["sequences"], strict=True)):
            chains.append(Chain(ascii_uppercase[at % 26], letters, places[first : first + length]))
            first += length
        job.write(f"CrossDocked2020/{folder}/{receptor}.pdb", pdb_lines(chains))
        job.write(f"CrossDocked2020/{folder}/{pose}.sdf.gz", Chem.MolToMolBlock(ligand) + "$$$$\n")
        affinity = row["pAffinity"] or 0
        lines.append(f"1 {affinity} 0.0 {folder}/{receptor}_0.gninatypes {folder}/{pose}_0.gninatypes #-7.0\n")
    job.write("types/it2_tt_v1.3_completeset_train0.types", "".join(lines))
    return "complexes of PDBbind and PoseBusters in their crystals: no docked pose; side chains at the alpha carbon"


def _ligand(row: dict[str, Any]) -> Chem.Mol | None:
    with BlockLogs():
        if row["ligand_sdf"]:
            return Chem.MolFromMolBlock(row["ligand_sdf"], removeHs=True)
        template = Chem.MolFromSmiles(row["ligand_smiles"] or "")
        placed = Chem.MolFromPDBBlock(row["ligand_pdb"] or "")
        if template is None or placed is None:
            return None
        try:
            return AllChem.AssignBondOrdersFromTemplate(Chem.RemoveHs(template), placed)
        except ValueError:
            return None


def alphaseq(job: Job) -> str:
    """Write an experiment in CSV."""
    chains = Job(job.data, job.folder, 10**6).rows(CHAINS, ["source_repo", "sequence"])
    binders = [row["sequence"] for row in chains if row["source_repo"] == ANTIBODIES]
    targets = [row["sequence"] for row in chains if row["source_repo"] == "octavian-ganea/equidock_public"]
    values = [line.split(";")[9] for line in job.lines("interaction/skempi/skempi_v2.csv.gz")[1:]]
    measured = [math.log10(float(one) * 1e9) for one in values if one]
    head = "mata_description,mata_sequence,matalpha_description,matalpha_sequence,alphaseq_affinity"
    lines = [f"{head},alphaseq_affinity_lower_bound,alphaseq_affinity_upper_bound\n"]
    for number in range(job.count):
        binder, target = binders[number % len(binders)], targets[number % 12]
        value = measured[number % len(measured)]
        lines.append(f"binder_{number},{binder},target_{number % 12},{target},{value:.4f},{value - 1:.4f},\n")
    job.write("YM_0001/data.csv", "".join(lines))
    return "antibody heavy chains beside chains of complexes; values are those that SKEMPI gives other pairs"


def ppiref(job: Job) -> str:
    """Write the zip archive of interfaces."""
    job.folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(job.folder / "ppi_6A.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in enumerate(job.rows(PAIRS)):
            sides = [
                Chain(name, "".join(row[f"{side}_sequences"]), decoded(row[f"{side}_backbone"], row["origin"]))
                for name, side in (("A", "receptor"), ("B", "ligand"))
            ]
            near = _interface(sides)
            if min(len(side.sequence) for side in near) < 3:
                continue
            code = f"9{number:03d}"
            archive.writestr(f"ppi_6A/{code[1:3]}/{code}_A_B.pdb", pdb_lines(near))
    return "interfaces of DB5.5 and DIPS, the chains of a side as one; side chains at the alpha carbon"


def _interface(sides: list[Chain]) -> list[Chain]:
    """Return the residues of two sides with a backbone atom near one of the other."""
    first, second = (side.backbone.reshape(-1, 3) for side in sides)
    gaps = np.linalg.norm(first[:, None] - second[None], axis=-1) < _INTERFACE
    near = gaps.any(axis=1).reshape(-1, 4).any(axis=1), gaps.any(axis=0).reshape(-1, 4).any(axis=1)
    return [
        Chain(side.name, "".join(np.array(list(side.sequence))[kept]), side.backbone[kept])
        for side, kept in zip(sides, near, strict=True)
    ]


WRITERS = {
    "bindingdb": bindingdb,
    "stitch": stitch,
    "binding_affinity": binding_affinity,
    "crossdocked2020": crossdocked2020,
    "alphaseq": alphaseq,
    "ppiref": ppiref,
}
"""By source, what writes its files and says what they are made of."""
