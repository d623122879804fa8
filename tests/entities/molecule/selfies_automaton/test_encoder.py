"""What the encoders write is in the language of the automata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rdkit import Chem

from biomatrix.entities import Molecule, modality
from biomatrix.entities.molecule.modalities.selfies_symbols import default_alphabet
from biomatrix.entities.molecule.selfies import atom_mask, symbols_of_smiles
from biomatrix.entities.molecule.structure.graph import canonical_smiles
from biomatrix.errors import BioMatrixError

SMILES = [
    "C", "[Na+].[Cl-]", "CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "F/C=C/F", "C[C@H](N)C(=O)O",
    "O=S(=O)(O)c1ccc(N=Nc2ccccc2)cc1", "[O-][N+](=O)c1ccccc1", "C12C3C4C1C5C2C3C45", "N#CC#N", "C1=CC=CC=CC=C1",
    "CCCCCCCCCCCCCCCCCC(=O)OCC(COC(=O)CCCCCCCCCCCCCCCCC)OC(=O)CCCCCCCCCCCCCCCCC", "F[P-](F)(F)(F)(F)F",
    "C1CC2(C1)CCC1(CC2)OCCO1", "OB(O)c1ccccc1", "C#CCN1CCCC1=O", "[2H]C([2H])([2H])O", "c1ccc2c(c1)c1ccccc1n2C",
]  # fmt: skip


def test_a_neutral_end_is_followed_by_a_fragment_only_without_a_length(language: Any) -> None:
    """Otherwise a model that closes a molecule too early would go on with fragments."""
    symbols = modality("molecule_selfies").encode(Molecule.from_smiles("CC(F)(F)F.CC(F)(F)F"))
    spoken = language("molecule_selfies", default_alphabet())
    assert spoken.accepts(symbols)
    assert not spoken.accepts(symbols, len(symbols) - 1)


def joint(symbols: tuple[str, ...]) -> list[str]:
    """Return joint tokens with code 0."""
    pairs = zip(symbols, atom_mask(symbols), strict=True)
    return [symbol if symbol == "." else f"{symbol[:-1]} {0 if atom else -1}]" for symbol, atom in pairs]


@pytest.mark.parametrize("smiles", SMILES)
def test_selfies_that_the_encoder_writes_are_accepted(smiles: str, language: Any) -> None:
    symbols = modality("molecule_selfies").encode(Molecule.from_smiles(smiles))
    spoken = language("molecule_selfies", sorted({*default_alphabet(), *symbols} - {"."}))
    assert spoken.accepts(symbols)
    assert spoken.accepts(symbols, len(symbols) - symbols.count("."))


@pytest.mark.parametrize("hydrogens", [True, False])
@pytest.mark.parametrize("smiles", SMILES)
def test_joint_tokens_that_the_encoder_writes_are_accepted(smiles: str, hydrogens: bool, language: Any) -> None:
    mol = Chem.MolFromSmiles(smiles)
    symbols = symbols_of_smiles(canonical_smiles(Chem.AddHs(mol) if hydrogens else mol))
    spoken = language("molecule_structure", sorted({*default_alphabet(), *symbols} - {"."}), codes=1)
    tokens = joint(symbols)
    assert spoken.accepts(tokens)
    assert spoken.accepts(tokens, spoken.modality.length(tokens))


@pytest.mark.exhaustive
def test_drug_like_molecules_are_accepted(shared: Path, language: Any) -> None:
    import pyarrow.parquet as pq

    rows = pq.read_table(shared / "data" / "molecule" / "zinc250k.parquet")["smiles"].to_pylist()[:2000]
    selfies = modality("molecule_selfies")
    strings = []
    for smiles in rows:
        try:
            strings.append(selfies.encode(Molecule.from_smiles(smiles.strip())))
        except BioMatrixError:
            continue
    symbols = {symbol for string in strings for symbol in string}
    spoken = language("molecule_selfies", sorted({*default_alphabet(), *symbols} - {"."}))
    refused = [string for string in strings if not spoken.accepts(string)]
    assert len(refused) <= len(strings) // 1000, refused[:3]
