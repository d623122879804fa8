"""The plain program that speed is measured against gives what was recorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from molecule_baseline import PlainTokenizer

from biomatrix.entities import Molecule, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.molstructok.reference import parse_tokens, token_text


@pytest.mark.parity
def test_recorded_tokens_and_coordinates(shared: Path) -> None:
    folder = shared / "parity" / "molstructok"
    plain = PlainTokenizer(folder / "molstructok_vqvae.safetensors")
    rows: list[dict[str, Any]] = pq.read_table(folder / "molecules.parquet").slice(0, 60).to_pylist()
    for row in rows:
        if row["status"] != "ok":
            continue
        text = plain.encode(Chem.MolFromMolBlock(row["mol_block"], removeHs=False))
        assert text == row["struct_sfi"], row["id"]
        positions = plain.decode(text).GetConformer().GetPositions()
        np.testing.assert_allclose(positions, np.reshape(row["coords"], (-1, 3)), atol=1e-4)


@pytest.mark.parity
def test_it_agrees_with_the_batched_tokenizer(shared: Path) -> None:
    weights = shared / "parity" / "molstructok" / "molstructok_vqvae.safetensors"
    plain = PlainTokenizer(weights)
    batched = MoleculeStructureTokenizer.from_pretrained(weights, closed_loop=False)
    molecules = [Molecule.from_smiles(smiles).embed(seed=1) for smiles in ("CC(=O)Nc1ccc(O)cc1", "C1CC2(C1)CCC2")]
    for molecule, codes in zip(molecules, batched.encode(molecules), strict=True):
        text = plain.encode(molecule.mol)
        assert text == token_text(codes)
        back = batched.decode([parse_tokens(text)])[0]
        positions = plain.decode(text).GetConformer().GetPositions()
        np.testing.assert_allclose(back.mol.GetConformer().GetPositions(), positions, atol=1e-4)
