"""Molecules at hand as the files of PubChem, PCQM4Mv2, PubChemQC, ZINC20, ChEMBL and MolTextNet."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

from rdkit import Chem
from rdkit.Chem import AllChem, Crippen, Descriptors, rdMolDescriptors
from rdkit.rdBase import BlockLogs

from official.tables import Job

CONFORMERS = "molecule/conformers_3d"
RECORDS = "molecule/pubchem_records/chebi20_valid_test_records.parquet"


def conformer(row: Mapping[str, Any]) -> Chem.Mol:
    """Return a row of the files of conformers as a molecule with all hydrogens."""
    mol = Chem.RWMol()
    for number, charge in zip(row["atomic_numbers"], row["formal_charges"], strict=True):
        atom = Chem.Atom(number)
        atom.SetFormalCharge(charge)
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
    bonds = row["bonds"]
    for first, second, order in zip(bonds[::3], bonds[1::3], bonds[2::3], strict=True):
        mol.AddBond(first, second, Chem.BondType.values[order])
    placed = Chem.Conformer(mol.GetNumAtoms())
    for index in range(mol.GetNumAtoms()):
        placed.SetAtomPosition(index, row["positions"][3 * index : 3 * index + 3])
    placed.Set3D(True)
    mol.AddConformer(placed)
    return mol.GetMol()


def sd_record(title: str, mol: Chem.Mol, items: Mapping[str, Any]) -> str:
    """Return an SD record with data items; those without a value are left out."""
    block = Chem.MolToMolBlock(mol, kekulize=False).split("\n", 1)[1]
    told = "".join(f"> <{name}>\n{value}\n\n" for name, value in items.items() if value is not None)
    return f"{title}\n{block}{told}$$$$\n"


def pubchem(job: Job) -> str:
    """Write an SD file with the data items of the records, and the side files of names."""
    rows = sorted(job.rows(RECORDS), key=lambda row: int(row["cid"]))
    records, titles, synonyms = [], [], []
    for row in rows:
        mol = Chem.MolFromSmiles(row["isomeric_smiles"])
        if mol is None:
            continue
        drawn = Chem.AddHs(mol)
        AllChem.Compute2DCoords(drawn)
        records.append(sd_record(str(row["cid"]), drawn, _pubchem_items(row)))
        titles.append(f"{row['cid']}\t{row['iupac_traditional_name'] or row['iupac_name']}\n")
        names = (row["iupac_traditional_name"], row["iupac_systematic_name"], row["inchikey"])
        synonyms += [f"{row['cid']}\t{name}\n" for name in names if name]
    job.write("Compound_000000001_000500000.sdf.gz", "".join(records))
    job.write("CID-Title.gz", "".join(titles))
    job.write("CID-Synonym-filtered.gz", "".join(synonyms))
    return "2D records of PubChem, molecules of ChEBI; drawings anew, traditional names as titles"


def _pubchem_items(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "PUBCHEM_COMPOUND_CID": row["cid"],
        "PUBCHEM_COMPOUND_CANONICALIZED": 1,
        "PUBCHEM_CACTVS_COMPLEXITY": row["complexity"],
        "PUBCHEM_CACTVS_HBOND_ACCEPTOR": row["h_bond_acceptors"],
        "PUBCHEM_CACTVS_HBOND_DONOR": row["h_bond_donors"],
        "PUBCHEM_CACTVS_ROTATABLE_BOND": row["rotatable_bonds"],
        "PUBCHEM_CACTVS_SUBSKEYS": "A" * 152,  # its length in the files; it is not read
        "PUBCHEM_IUPAC_NAME": row["iupac_name"],
        "PUBCHEM_IUPAC_SYSTEMATIC_NAME": row["iupac_systematic_name"],
        "PUBCHEM_IUPAC_TRADITIONAL_NAME": row["iupac_traditional_name"],
        "PUBCHEM_IUPAC_INCHI": row["inchi"],
        "PUBCHEM_IUPAC_INCHIKEY": row["inchikey"],
        "PUBCHEM_XLOGP3": row["xlogp3"],
        "PUBCHEM_XLOGP3_AA": row["xlogp3_aa"],
        "PUBCHEM_EXACT_MASS": row["exact_mass"],
        "PUBCHEM_MOLECULAR_FORMULA": row["formula"],
        "PUBCHEM_MOLECULAR_WEIGHT": row["molecular_weight"],
        "PUBCHEM_SMILES": row["isomeric_smiles"],
        "PUBCHEM_CONNECTIVITY_SMILES": row["canonical_smiles"],
        "PUBCHEM_CACTVS_TPSA": row["tpsa"],
        "PUBCHEM_TOTAL_CHARGE": row["charge"],
        "PUBCHEM_HEAVY_ATOM_COUNT": row["heavy_atoms"],
        "PUBCHEM_COORDINATE_TYPE": "1\n5\n255",
    }


def pubchem_3d(job: Job) -> str:
    """Write an SD file of conformers."""
    records = []
    for number, row in enumerate(job.rows(f"{CONFORMERS}/cascade_ff8k.parquet"), start=1):
        items = {
            "PUBCHEM_COMPOUND_CID": number,
            "PUBCHEM_CONFORMER_RMSD": 0.6,
            "PUBCHEM_CONFORMER_DIVERSEORDER": "1\n5\n9\n2\n10\n7\n3\n8\n6\n4",
            "PUBCHEM_MMFF94_PARTIAL_CHARGES": "\n".join(f"{index + 1} 0.1" for index in range(len(row["bonds"]) // 6)),
            "PUBCHEM_HEAVY_ATOM_COUNT": sum(one > 1 for one in row["atomic_numbers"]),
            "PUBCHEM_CONFORMER_ID": f"{number:016X}",
            "PUBCHEM_FEATURE_SELFOVERLAP": 20.3,
        }
        records.append(sd_record(str(number), conformer(row), items))
    job.write("00000001_00025000.sdf.gz", "".join(records))
    return "CASCADE's molecules at MMFF94 geometries, under numbers of our own, without names"


def pcqm4mv2(job: Job) -> str:
    """Write the tar archive of the SD file, and the table of gaps."""
    rows = list(csv.DictReader(job.lines("molecule/pcqm4mv2/pcqm4mv2_2k.csv.gz")))
    options = Chem.SmilesParserParams()
    options.removeHs = False
    records, table = [], ["idx,smiles,homolumogap\n"]
    with BlockLogs():
        for row in job.drawn(rows):
            mol = Chem.MolFromSmiles(row["smiles"], options)
            if mol is None or not mol.GetNumConformers():
                continue
            plain = Chem.MolToSmiles(Chem.RemoveHs(mol))
            table.append(f"{len(records)},{plain},{row['homo']}\n")
            records.append(sd_record("", mol, {}))
    job.write("data.csv.gz", "".join(table))
    content = "".join(records).encode()
    with tarfile.open(job.folder / "pcqm4m-v2-train.sdf.tar.gz", "w:gz", compresslevel=6) as archive:
        member = tarfile.TarInfo("pcqm4m-v2-train.sdf")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return "records of PCQM4Mv2 with their coordinates"


def pubchemqc(job: Job) -> str:
    """Write a JSON array."""
    objects = []
    for number, row in enumerate(job.rows(f"{CONFORMERS}/cascade_dft8k.parquet"), start=1):
        mol = Chem.MolFromSmiles(row["smiles"])
        if mol is None:
            continue
        objects.append({
            "cid": number,
            "state": "S0",
            "pubchem-isomeric-smiles": row["smiles"],
            "pubchem-molecular-formula": rdMolDescriptors.CalcMolFormula(mol),
            "pubchem-molecular-weight": round(Descriptors.MolWt(mol), 3),
            "pubchem-charge": sum(row["formal_charges"]),
            "multiplicity": 1,
            "atom-count": len(row["atomic_numbers"]),
            "heavy-atom-count": mol.GetNumHeavyAtoms(),
            "atomic-numbers": row["atomic_numbers"],
            "coordinates": [round(one, 6) for one in row["positions"]],
            "energy-alpha-homo": -5.1, "energy-alpha-lumo": -0.4, "energy-alpha-gap": 4.7, "dipole-moment": 1.25,
            "orbital-energies": [-5.1] * 40,
        })  # fmt: skip
    job.write("000000001-000025000.json", json.dumps(objects))
    return "CASCADE's molecules at DFT geometries in place of PM6; one set of energies for all"


def zinc20(job: Job) -> str:
    """Write a tranche."""
    rows = job.rows("molecule/zinc250k.parquet", ["smiles"])
    lines = [f"{row['smiles'].strip()} ZINC{number:012d}\n" for number, row in enumerate(rows)]
    job.write("AA/AAAA.smi.gz", "smiles zinc_id\n" + "".join(lines))
    return "ZINC-250k, under numbers of our own"


def chembl(job: Job) -> str:
    """Write the three tables that are read of the SQLite database."""
    job.folder.mkdir(parents=True, exist_ok=True)
    path = job.folder / "chembl_30.db"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE molecule_dictionary (molregno INTEGER PRIMARY KEY, pref_name TEXT, chembl_id TEXT)")
    base.execute("CREATE TABLE compound_structures (molregno INTEGER PRIMARY KEY, canonical_smiles TEXT)")
    base.execute(
        "CREATE TABLE compound_properties (molregno INTEGER PRIMARY KEY, full_molformula TEXT, full_mwt REAL, "
        "alogp REAL, hbd INTEGER, hba INTEGER, psa REAL)"
    )
    for number, values in enumerate(_chembl_values(job), start=1):
        base.execute("INSERT INTO molecule_dictionary VALUES (?, NULL, ?)", (number, values[0]))
        base.execute("INSERT INTO compound_structures VALUES (?, ?)", (number, values[1]))
        base.execute("INSERT INTO compound_properties VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *values[2:]))
    base.commit()
    base.close()
    return "compounds of ChEMBL 30, their properties by RDKit, without names"


def _chembl_values(job: Job) -> Iterator[tuple[Any, ...]]:
    for row in job.rows("molecule/chembl30_sample.parquet"):
        mol = Chem.MolFromSmiles(row["SMILES"])
        if mol is not None:
            yield (
                row["chembl_id"], row["SMILES"], rdMolDescriptors.CalcMolFormula(mol), Descriptors.MolWt(mol),
                Crippen.MolLogP(mol), rdMolDescriptors.CalcNumHBD(mol), rdMolDescriptors.CalcNumHBA(mol),
                rdMolDescriptors.CalcTPSA(mol),
            )  # fmt: skip


def moltextnet(job: Job) -> str:
    """Write a Parquet file of SMILES and descriptions."""
    names = ("molecule/pubchem324k_molcap/test.txt.gz", "molecule/pubchem324k_molcap/validation.txt.gz")
    rows = [line.split("\t") for name in names for line in job.lines(name)[1:]]
    told = [row for row in rows if len(row) == 3]
    job.write_parquet(
        "moltextnet-00000.parquet",
        (
            {"id": f"CHEMBL{row[0]}", "canonical_smiles": row[1], "description": row[2].strip()}
            for row in job.drawn(told)
        ),
    )
    return "descriptions of PubChem's molecules, shorter than those of MolTextNet"


WRITERS = {
    "pubchem": pubchem,
    "pubchem_3d": pubchem_3d,
    "pcqm4mv2": pcqm4mv2,
    "pubchemqc": pubchemqc,
    "zinc20": zinc20,
    "chembl": chembl,
    "moltextnet": moltextnet,
}
"""By source, what writes its files and says what they are made of."""
