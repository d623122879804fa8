"""The published molecule tokenizer weights give the published codes and coordinates."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from safetensors.numpy import load_file

from biomatrix.entities import Molecule
from biomatrix.structure import MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.structure.molecule.inputs import prepare
from biomatrix.structure.molecule.molstructok.closed_loop import batch_descriptors
from biomatrix.structure.molecule.molstructok.descriptors import normalise

pytestmark = pytest.mark.parity
MARGIN = 1e-5
UNDEFINED_IN_REFERENCE = {"edge:exactly_linear_butadiyne"}


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "parity" / "molstructok"


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, Any]]:
    tables = [pq.read_table(folder / name).to_pylist() for name in ("molecules.parquet", "edge_cases.parquet")]
    found = [row for row in tables[0] + tables[1] if row["status"] == "ok"]
    return [row for row in found if row["id"] not in UNDEFINED_IN_REFERENCE]


@pytest.fixture(scope="module")
def molecules(rows: list[dict[str, Any]]) -> list[Molecule]:
    return [Molecule(Chem.MolFromMolBlock(row["mol_block"], removeHs=False), row["id"]) for row in rows]


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> MoleculeStructureTokenizer:
    return MoleculeStructureTokenizer.from_pretrained(folder / "molstructok_vqvae.safetensors")


def test_descriptors(rows: list[dict[str, Any]], molecules: list[Molecule]) -> None:
    prepared = [prepare(molecule) for molecule in molecules]
    for item, row in zip(prepared, rows, strict=True):
        np.testing.assert_array_equal(item.graph.order, row["atom_order"])
    values = batch_descriptors(prepared)
    expected = np.concatenate([np.reshape(row["g"], (-1, 4)) for row in rows])
    np.testing.assert_allclose(values, expected, atol=1e-9)
    scaled = np.concatenate([np.reshape(row["x"], (-1, 4)) for row in rows])
    np.testing.assert_allclose(normalise(values), scaled, atol=1e-6)


def test_codes_are_equal(
    rows: list[dict[str, Any]], molecules: list[Molecule], tokenizer: MoleculeStructureTokenizer
) -> None:
    for codes, row in zip(tokenizer.encode(molecules), rows, strict=True):
        text = "".join(f"[{s[1:-1]} {c}]" for s, c in zip(codes.symbols, codes.codes, strict=True))
        if min(row["code_margin"]) >= MARGIN:
            assert text == row["struct_sfi"], row["id"]


def test_coordinates_are_equal(
    rows: list[dict[str, Any]], molecules: list[Molecule], tokenizer: MoleculeStructureTokenizer
) -> None:
    decoded = tokenizer.decode(tokenizer.encode(molecules))
    for back, row in zip(decoded, rows, strict=True):
        positions = back.mol.GetConformer().GetPositions()
        np.testing.assert_allclose(positions, np.reshape(row["coords"], (-1, 3)), atol=1e-4, err_msg=row["id"])


@pytest.mark.parametrize("decoder", ["branch", "trunk"])
def test_code_tables(folder: Path, decoder: Any) -> None:
    tokenizer = MoleculeStructureTokenizer.from_pretrained(folder / "molstructok_vqvae.safetensors", decoder=decoder)
    expected = load_file(folder / "code_table.safetensors")[f"{decoder}.g"]
    np.testing.assert_allclose(tokenizer.network.table, expected, atol=1e-4)


def test_token_strings(folder: Path, tokenizer: MoleculeStructureTokenizer) -> None:
    """Every string the reference decodes to finite coordinates decodes to the same here."""
    for case in json.loads((folder / "decode_cases.json").read_text()):
        if case["status"] != "ok" or not case["coords"] or not np.isfinite(np.array(case["coords"], float)).all():
            continue
        pairs = re.findall(r"\[(\S+) (-?\d+)\]", case["input"])
        codes = MoleculeCodes(tuple(f"[{s}]" for s, _ in pairs), np.array([int(c) for _, c in pairs], np.int16))
        back = tokenizer.decode([codes])[0]
        np.testing.assert_allclose(back.mol.GetConformer().GetPositions(), case["coords"], atol=1e-4)


def test_closed_loop_keeps_errors_from_adding_up(
    molecules: list[Molecule], folder: Path, tokenizer: MoleculeStructureTokenizer
) -> None:
    from biomatrix.structure.geometry import rmsd

    chosen = molecules[:100]
    closed = MoleculeStructureTokenizer.from_pretrained(folder / "molstructok_vqvae.safetensors", closed_loop=True)
    means = []
    for each in (tokenizer, closed):
        decoded = each.decode(each.encode(chosen))
        true = [molecule.mol.GetConformer().GetPositions()[prepare(molecule).graph.order] for molecule in chosen]
        means.append(
            np.mean([rmsd(b.mol.GetConformer().GetPositions(), t) for b, t in zip(decoded, true, strict=True)])
        )
    assert means[1] < 0.6 * means[0]
