"""PubChemQC: atoms in any order placed by their bonds; JSON arrays, lines, archives and dumps give the same."""

from __future__ import annotations

import io
import json
import tarfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.published.pubchemqc import placed
from biomatrix.errors import ParseError

FILE = "900000001-900000005.json"
SAMPLE = files("biomatrix.corpus.sources.published") / "samples" / "pubchemqc" / FILE
ROWS: list[dict[str, Any]] = json.loads(SAMPLE.read_text())


def known(records: dict[str, Record]) -> dict[str, Any]:
    return {name: (record.fields, record.entity and record.entity.smiles) for name, record in records.items()}


def test_energies_and_coordinates(read: Any) -> None:
    records, refused = read("pubchemqc")
    first = records["900000001"]
    assert {name: first.fields[name] for name in ("homo", "lumo", "gap", "dipole")} == {
        "homo": "-5.10",
        "lumo": "-0.40",
        "gap": "4.70",
        "dipole": "1.25",
    }
    assert first.entity is not None
    listed = np.asarray(ROWS[0]["coordinates"]).reshape(-1, 3)
    mine = first.entity.mol.GetConformer().GetPositions()
    assert np.allclose(np.sort(mine, axis=0), np.sort(listed, axis=0), atol=1e-4)
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in first.entity.mol.GetBonds()]
    lengths = [np.linalg.norm(mine[begin] - mine[end]) for begin, end in ends]
    assert max(lengths) < 1.8, "every atom stands where its bonds say"
    assert refused == {"900000005": "the coordinates have other bonds than the SMILES"}


def _lines() -> str:
    return "\n".join(map(json.dumps, ROWS))


def _dump() -> str:
    rows = "\n".join(f"{row['cid']}\t{row['state']}\t{json.dumps(row)}" for row in ROWS)
    return (
        "SET statement_timeout = 0;\nCREATE TABLE public.b3lyp_pm6 (cid integer, state text, data jsonb);\n"
        f"COPY public.b3lyp_pm6 (cid, state, data) FROM stdin;\n{rows}\n\\.\n"
    )


def _spelled(value: Any) -> str:
    return str(value).replace("[", "{").replace("]", "}") if isinstance(value, list) else str(value)


def _columns() -> str:
    names = ["cid", "state", "pubchem-isomeric-smiles", "atomic-numbers", "coordinates"]
    names += ["energy-alpha-homo", "energy-alpha-lumo", "energy-alpha-gap", "dipole-moment"]
    values = ([_spelled(row[name]) for name in names] for row in ROWS)
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"COPY b3lyp ({quoted}) FROM stdin;\n" + "\n".join("\t".join(one) for one in values) + "\n\\.\n"


@pytest.mark.parametrize(("name", "write"), [("a.jsonl", _lines), ("a.sql", _dump), ("b.sql", _columns)])
def test_every_form_gives_the_same_records(name: str, write: Any, tmp_path: Path, read: Any) -> None:
    (tmp_path / "pubchemqc").mkdir()
    (tmp_path / "pubchemqc" / name).write_text(write())
    expected, refused = read("pubchemqc")
    records, again = read("pubchemqc", tmp_path)
    assert (known(records), again) == (known(expected), refused)


def test_one_json_file_a_molecule_in_an_archive(tmp_path: Path, read: Any) -> None:
    (tmp_path / "pubchemqc").mkdir()
    with tarfile.open(tmp_path / "pubchemqc" / "Compound_900000001_900000005.tar.gz", "w:gz") as archive:
        for row in ROWS:
            content = json.dumps(row).encode()
            entry = tarfile.TarInfo(f"{row['cid']}/{row['cid']}.b3lyp.json")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    expected, _ = read("pubchemqc")
    records, _ = read("pubchemqc", tmp_path)
    assert known(records) == known(expected)


def test_broken_rows_are_refused_alone(tmp_path: Path, read: Any) -> None:
    (tmp_path / "pubchemqc").mkdir()
    bad: list[dict[str, Any]] = [
        ROWS[0] | {"coordinates": ROWS[0]["coordinates"][:-3]},
        ROWS[0] | {"coordinates": None, "cid": 2},
        ROWS[0] | {"atomic-numbers": [0] * len(ROWS[0]["atomic-numbers"]), "cid": 3},
        ROWS[0] | {"pubchem-isomeric-smiles": "CCO", "cid": 4},
        ROWS[1] | {"state": "cation", "cid": 5},
    ]
    text = json.dumps(bad)[:-1] + ', {"cid": 6, "state": '
    (tmp_path / "pubchemqc" / FILE).write_text(text)
    records, refused = read("pubchemqc", tmp_path)
    assert list(records) == ["5.cation"]
    assert list(refused.values()) == [
        "22 coordinates of 23 atoms",
        "0 coordinates of 23 atoms",
        "not an atomic number among the atoms",
        "the atoms with coordinates are not those of the SMILES",
        "an object that is not whole JSON",
    ]


@pytest.mark.parametrize("smiles", ["CC(=O)NC1CC1", "c1ccc2[nH]ccc2c1", "C[N+](C)(C)CC([O-])=O", "N[C@@H](CO)C(O)=O"])
@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_atoms_gives_the_same_molecule(smiles: str, seed: int) -> None:
    from biomatrix.entities import Molecule

    mol = Molecule.from_smiles(smiles).embed(seed=1).mol
    order = np.random.default_rng(seed).permutation(mol.GetNumAtoms())
    numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])[order]
    found = placed(Chem.MolFromSmiles(smiles), numbers, mol.GetConformer().GetPositions()[order])
    assert Chem.MolToSmiles(Chem.RemoveHs(found)) == Chem.MolToSmiles(Chem.RemoveHs(mol))
    with pytest.raises(ParseError, match="other bonds"):
        placed(Chem.MolFromSmiles(smiles), numbers, mol.GetConformer().GetPositions()[order] * 3)
