"""SMILES and SELFIES: exact round trips, refusals with a place, nothing else."""

from __future__ import annotations

import csv
import gzip
import random
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import selfies
from rdkit import Chem

from biomatrix.entities import Modality, Molecule, Protein, modality
from biomatrix.entities.molecule.modalities.smiles import split_smiles
from biomatrix.entities.molecule.selfies import read_symbols
from biomatrix.errors import BioMatrixError, DecodeError, UnsupportedError

TEXT_MODALITIES = ("molecule_smiles", "molecule_selfies")
CAREFUL = [
    "C[C@H](N)C(=O)O",
    "C[C@@H](O)[C@H](F)Cl",
    "F/C=C/F",
    "F/C=C\\F",
    "C/C=C/C=C\\C",
    "C[S@](=O)c1ccccc1",
    "C[P@](=O)(O)c1ccccc1",
    "[NH3+][C@@H](C)C(=O)[O-]",
    "[13CH3]C(=O)[18OH]",
    "[2H]C([2H])([2H])O",
    "[CH3]",
    "C[CH]C",
    "[O]N1C(C)(C)CCCC1(C)C",
    "[Na+].[Cl-]",
    "CC(=O)[O-].[NH4+]",
    "[H][H]",
    "[O-][n+]1ccccc1",
    "C[N+](C)(C)C",
    "C#[O+]",
    "[C-]#N",
    "OS(=O)(=O)O",
    "OP(=O)(O)OP(=O)(O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "C1CC2CCC1CC2",
    "O=C1CC[C@H]2[C@H]3CC[C@@]4(C)[C@@H](O)CC[C@H]4[C@@H]3CCC2=C1",
    "c1ccc2c(c1)[nH]c1ccccc12",
    "N=[N+]=[N-]",
    "B(O)(O)c1ccccc1",
    "C[Si](C)(C)C",
    "[SeH]C",
]


@pytest.mark.parametrize("name", TEXT_MODALITIES)
@pytest.mark.parametrize("smiles", CAREFUL)
def test_stereo_charges_isotopes_and_radicals_come_back(name: str, smiles: str) -> None:
    molecule = Molecule.from_smiles(smiles)
    mine = modality(name)
    assert mine.decode(mine.encode(molecule)).smiles == molecule.smiles


@pytest.mark.parametrize("name", TEXT_MODALITIES)
def test_bundled_molecules_come_back_or_are_refused(name: str, bundled_molecules: list[Molecule]) -> None:
    assert round_trips(name, bundled_molecules) <= 0.01


@pytest.mark.parametrize("name", TEXT_MODALITIES)
def test_molecules_of_the_reference_data_come_back(name: str, shared: Path) -> None:
    molecules = [Molecule.from_smiles(smiles) for smiles in reference_smiles(shared)]
    assert len(molecules) >= 500
    assert round_trips(name, molecules) <= 0.01


def reference_smiles(shared: Path) -> list[str]:
    zinc = parquet.read_table(shared / "data/molecule/zinc250k.parquet")["smiles"].to_pylist()
    chembl = parquet.read_table(shared / "data/molecule/chembl30_sample.parquet")["SMILES"].to_pylist()
    with gzip.open(shared / "data/molecule/moleculenet/sider.csv.gz", "rt") as file:
        drugs = [row["smiles"] for row in csv.DictReader(file)]
    rng = random.Random(7)
    return rng.sample(zinc, 250) + rng.sample(chembl, 150) + rng.sample(drugs, 150)


def round_trips(name: str, molecules: list[Molecule]) -> float:
    """Return the share refused; fail on any molecule that comes back as another."""
    mine = modality(name)
    refused = 0
    for molecule in molecules:
        try:
            tokens = mine.encode(molecule)
        except UnsupportedError:
            refused += 1
            continue
        assert mine.decode(tokens).smiles == molecule.smiles
    return refused / len(molecules)


def test_smiles_tokens_are_pieces_that_concatenate(bundled_molecules: list[Molecule]) -> None:
    mine = modality("molecule_smiles")
    for molecule in bundled_molecules[:200]:
        tokens = mine.encode(molecule)
        assert "".join(tokens) == molecule.smiles
        assert mine.decode(["".join(tokens)]).smiles == molecule.smiles
        assert mine.length(tokens) == Chem.MolFromSmiles(molecule.smiles).GetNumAtoms()


def test_splitting_never_loses_a_character() -> None:
    rng = random.Random(3)
    for _ in range(500):
        text = "".join(rng.choices("CNOclBr[]()=#%123@+-/\\.* \tx", k=rng.randint(0, 40)))
        assert "".join(split_smiles(text)) == text


@pytest.mark.parametrize(
    ("tokens", "position"),
    [
        (["C", "C", "?"], 2),
        (["C", "(", "C"], 1),
        (["C", ")", "C"], 1),
        (["C", "1", "C"], 1),
        (["CC", "F(C)C"], 1),
        (["c", "1", "c", "c", "c", "c", "1"], 0),
        ([], 0),
    ],
)
def test_a_bad_smiles_says_at_which_token(tokens: list[str], position: int) -> None:
    with pytest.raises(DecodeError) as caught:
        modality("molecule_smiles").decode(tokens)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("tokens", "position"),
    [
        (["[C]", "[Xq]"], 1),
        (["[C]", "C"], 1),
        (["[C]", "[C 4]"], 1),
        (["[C]", "[C@X]"], 1),
        (["[Branch1]"], 0),
        (["[C]", "[F]", "[F]", "[O]", ".", "[C]", "[C+4]"], 6),
        ([], 0),
    ],
)
def test_a_bad_selfies_says_at_which_symbol(tokens: list[str], position: int) -> None:
    with pytest.raises(DecodeError) as caught:
        modality("molecule_selfies").decode(tokens)
    assert caught.value.position == position


def test_symbols_are_matched_with_the_atoms_they_derive(bundled_molecules: list[Molecule]) -> None:
    mine = modality("molecule_selfies")
    for molecule in bundled_molecules[:200]:
        try:
            symbols = mine.encode(molecule)
        except UnsupportedError:
            continue
        positions = read_symbols(symbols).places.tolist()
        parameters = Chem.SmilesParserParams()
        parameters.removeHs = False
        mol = Chem.MolFromSmiles(selfies.decoder("".join(symbols)), parameters)
        assert [atom.GetSymbol() in symbols[at] for atom, at in zip(mol.GetAtoms(), positions, strict=True)] == [
            True
        ] * mol.GetNumAtoms()


@pytest.mark.parametrize("name", TEXT_MODALITIES)
def test_what_text_cannot_carry_is_listed_and_lost(name: str) -> None:
    mine = modality(name)
    lost = " ".join(mine.cannot_carry)
    for word in ("coordinates", "order of atoms", "explicit", "name"):
        assert word in lost
    molecule = Molecule.from_smiles("CCO", name="ethanol").embed(seed=0)
    decoded = mine.decode(mine.encode(molecule))
    assert not decoded.has_conformer
    assert decoded.num_atoms == 3
    assert decoded.name == ""


def test_selfies_drops_atom_maps_and_smiles_keeps_them() -> None:
    mapped = Molecule.from_smiles("[CH3:1][OH:2]")
    assert "atom map numbers" in modality("molecule_selfies").cannot_carry
    symbols, text = modality("molecule_selfies"), modality("molecule_smiles")
    assert symbols.decode(symbols.encode(mapped)).smiles == "CO"
    assert text.decode(text.encode(mapped)).smiles == mapped.smiles


@pytest.mark.parametrize("smiles", ["*CC", "O=I(=O)c1ccccc1", "[NH3]->[Cu]"])
def test_selfies_refuses_what_it_cannot_say(smiles: str) -> None:
    with pytest.raises(UnsupportedError):
        modality("molecule_selfies").encode(Molecule.from_smiles(smiles))


@pytest.mark.parametrize("name", TEXT_MODALITIES)
def test_the_wrong_kind_of_entity_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedError, match="Protein"):
        modality(name).encode(Protein("MKV"))


@pytest.mark.parametrize("name", TEXT_MODALITIES)
def test_batches_agree_with_single_calls_and_carry_refusals(name: str) -> None:
    mine = modality(name)
    ethanol, caffeine = Molecule.from_smiles("CCO"), Molecule.from_smiles(CAREFUL[22])
    results = mine.encode_each([ethanol, Protein("M"), caffeine])
    assert results[0] == mine.encode(ethanol)
    assert isinstance(results[1], UnsupportedError)
    assert results[2] == mine.encode(caffeine)
    decoded = mine.decode_each([mine.encode(ethanol), ["~~"]])
    assert isinstance(decoded[1], DecodeError)


def fuzz_smiles(rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    pieces = ["C", "c", "N", "n", "O", "o", "1", "2", "%10", "(", ")", "=", "#", "[C@H]", "[N+]", "[13C]", "/", "\\"]
    pieces += ["Cl", "Br", "S", "s", ".", "*", "[", "]", "@", "[Fe+2]", "[nH]", "[C@@]", "$", "~", "->", "[CH3:1]"]
    mine = modality("molecule_smiles")
    for _ in range(rounds):
        expect_entity_or_refusal(mine, rng.choices(pieces, k=rng.randint(0, 30)))


def fuzz_selfies(rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    mine = modality("molecule_selfies")
    symbols = [*mine.vocabulary(), ".", "[nop]", "[C 3]", "C", "[Zz]"]
    for _ in range(rounds):
        count = rng.randint(0, 40)
        chosen = rng.choices(symbols if rng.random() < 0.3 else symbols[:-5], k=count)
        expect_entity_or_refusal(mine, chosen)


def expect_entity_or_refusal(mine: Modality, tokens: list[str]) -> None:
    (entity,) = mine.decode_each([tokens])
    if isinstance(entity, BioMatrixError):
        assert isinstance(entity, DecodeError)
        assert isinstance(entity.position, int)
        assert 0 <= entity.position < max(1, len(tokens))
        return
    assert isinstance(entity, Molecule)
    assert entity.num_atoms > 0


def test_random_tokens_give_a_molecule_or_a_place() -> None:
    fuzz_smiles(1000, seed=1)
    fuzz_selfies(1000, seed=2)


@pytest.mark.exhaustive
def test_many_random_tokens_give_a_molecule_or_a_place() -> None:
    fuzz_smiles(50_000, seed=11)
    fuzz_selfies(50_000, seed=12)
