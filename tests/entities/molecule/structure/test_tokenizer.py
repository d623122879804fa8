"""What the molecule structure tokenizer promises, on molecules made here."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.graph import ordered_graph
from biomatrix.errors import BioMatrixError, DecodeError, UnsupportedError
from biomatrix.metrics.superposition import rmsd

SMILES = (
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "C/C=C/C",
    "C/C=C\\C",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C#CC#C",
    "CC#N",
    "O",
    "O=C=O",
    "[H][H]",
    "CSC",
    "ClCCl",
    "[NH3+]CC(=O)[O-]",
    "C1CC2(C1)CCC2",
)


@pytest.fixture(scope="module", params=["default", "published, closed loop"])
def tokenizer(request: pytest.FixtureRequest) -> MoleculeStructureTokenizer:
    if request.param == "default":
        return MoleculeStructureTokenizer.from_pretrained()
    weights = request.getfixturevalue("published_weights")
    return MoleculeStructureTokenizer.from_pretrained(weights, closed_loop=True)


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    return [Molecule.from_smiles(smiles).embed(seed=1) for smiles in SMILES]


def error_of(molecule: Molecule, back: Molecule) -> float:
    true = molecule.mol.GetConformer().GetPositions()[ordered_graph(molecule.mol).order]
    return float(rmsd(back.mol.GetConformer().GetPositions(), true))


def moved(molecule: Molecule, seed: int, mirror: bool = False) -> Molecule:
    """Return the molecule turned and shifted at random, or mirrored."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn)) * (-1.0 if mirror else 1.0)
    mol = Chem.Mol(molecule.mol)
    positions = mol.GetConformer().GetPositions() @ turn.T + rng.normal(scale=20.0, size=3)
    mol.GetConformer().SetPositions(np.ascontiguousarray(positions))
    return Molecule(mol)


def test_round_trip_keeps_graph_stereochemistry_and_shape(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]
) -> None:
    for molecule, back in zip(molecules, tokenizer.decode(tokenizer.encode(molecules)), strict=True):
        assert back.has_conformer
        assert back.smiles == molecule.smiles
        assert error_of(molecule, back) < (0.3 if tokenizer.architecture == "conditioned" else 0.4)


def test_codes_do_not_depend_on_the_batch(tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]) -> None:
    together = tokenizer.encode(molecules)
    for molecule, codes in zip(molecules, together, strict=True):
        alone = tokenizer.encode([molecule])[0]
        assert alone.symbols == codes.symbols
        np.testing.assert_array_equal(alone.codes, codes.codes)
    for codes, back in zip(together, tokenizer.decode(together), strict=True):
        alone_back = tokenizer.decode([codes])[0]
        np.testing.assert_array_equal(alone_back.coordinates, back.coordinates)


@pytest.mark.parametrize("seed", range(3))
def test_codes_do_not_depend_on_where_the_molecule_lies(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule], seed: int
) -> None:
    chosen = [molecule for molecule in molecules if "#" not in molecule.smiles and "=C=" not in molecule.smiles]
    for before, after in zip(tokenizer.encode(chosen), tokenizer.encode([moved(m, seed) for m in chosen]), strict=True):
        np.testing.assert_array_equal(before.codes, after.codes)


def test_mirror_images_decode_to_mirror_images(tokenizer: MoleculeStructureTokenizer) -> None:
    alanine = Molecule.from_smiles("C[C@H](N)C(=O)O").embed(seed=1)
    back = tokenizer.decode(tokenizer.encode([moved(alanine, 0, mirror=True)]))[0]
    assert back.smiles == Molecule.from_smiles("C[C@@H](N)C(=O)O").smiles


def test_codes_are_minus_one_exactly_off_the_atoms(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]
) -> None:
    for molecule, codes in zip(molecules, tokenizer.encode(molecules), strict=True):
        assert len(codes.symbols) == len(codes.codes)
        assert len(codes.atom_codes) == molecule.num_atoms
        assert codes.codes.dtype == np.int16
        assert codes.codes.min() >= -1
        assert codes.codes.max() < tokenizer.num_codes


def test_a_bad_molecule_is_named_and_the_rest_goes_on(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]
) -> None:
    flat = Molecule.from_smiles("CCO")
    salt = Molecule.from_smiles("[Na+].[Cl-]")
    results = tokenizer.encode_each([molecules[0], flat, salt, molecules[1]])
    assert isinstance(results[0], MoleculeCodes)
    assert isinstance(results[1], UnsupportedError)
    assert "record 2" in str(results[1])
    assert isinstance(results[2], UnsupportedError)
    assert isinstance(results[3], MoleculeCodes)
    with pytest.raises(UnsupportedError, match="record 2"):
        tokenizer.encode([molecules[0], flat])


@pytest.mark.parametrize("smiles", ["O.CO", "[Na+].[Cl-]", "C[NH3+].[Cl-]", "CC(=O)[O-].CC(=O)[O-].[Cu+2]"])
def test_fragments_keep_their_insides_or_are_refused(tokenizer: MoleculeStructureTokenizer, smiles: str) -> None:
    molecule = Molecule.from_smiles(smiles).embed(seed=0)
    if not tokenizer.places_fragments:
        with pytest.raises(UnsupportedError, match="fragments"):
            tokenizer.encode([molecule])
        return
    back = tokenizer.decode(tokenizer.encode([molecule]))[0]
    assert back.smiles == molecule.smiles
    true = molecule.mol.GetConformer().GetPositions()[ordered_graph(molecule.mol, fragments=True).order]
    got = back.mol.GetConformer().GetPositions()
    for fragment in map(list, Chem.GetMolFrags(back.mol)):
        assert len(fragment) == 1 or rmsd(got[fragment], true[fragment]) < 0.3


def test_exactly_linear_molecules_keep_their_shape(tokenizer: MoleculeStructureTokenizer) -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("C#CC#C"))
    along = {0: 1.06, 1: 2.26, 2: 3.63, 3: 4.83, 4: 0.0, 5: 5.89}
    conformer = Chem.Conformer(6)
    conformer.SetPositions(np.array([[along[k], 0.0, 0.0] for k in range(6)]))
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    straight = Molecule(mol)
    for lying in (straight, moved(straight, 3)):
        back = tokenizer.decode(tokenizer.encode([lying]))[0]
        assert error_of(straight, back) < 0.2


def test_codes_of_dropped_atoms_are_ignored_with_a_note(tokenizer: MoleculeStructureTokenizer) -> None:
    codes = MoleculeCodes(("[C]", "[=F]", "[C]"), np.array([3, 8, 9], dtype=np.int16))
    back = tokenizer.decode([codes])[0]
    assert back.num_atoms == 2
    assert back.notes


@pytest.mark.parametrize(
    ("symbols", "codes", "position"),
    [
        (("[C]", "[C]"), (3, 512), 1),
        (("[C]", "[C]"), (3, -1), 1),
        (("[C]", "[Xyz]"), (3, 4), 1),
        ((), (), None),
    ],
)
def test_impossible_codes_are_refused_with_their_place(
    tokenizer: MoleculeStructureTokenizer, symbols: tuple[str, ...], codes: tuple[int, ...], position: int | None
) -> None:
    with pytest.raises(DecodeError) as caught:
        tokenizer.decode([MoleculeCodes(symbols, np.array(codes, dtype=np.int16))])
    assert caught.value.position == position
    assert caught.value.record == 1


def test_dots_are_refused_where_codes_place_no_fragments(tokenizer: MoleculeStructureTokenizer) -> None:
    codes = MoleculeCodes(("[C]", ".", "[C]"), np.array([3, -1, 4], dtype=np.int16))
    if tokenizer.places_fragments:
        assert tokenizer.decode([codes])[0].num_fragments == 2
        return
    with pytest.raises(DecodeError) as caught:
        tokenizer.decode([codes])
    assert caught.value.position == 1


def test_random_codes_give_finite_molecules_or_named_errors(tokenizer: MoleculeStructureTokenizer) -> None:
    rng = np.random.default_rng(5)
    alphabet = ("[C]", "[H]", "[N]", "[=O]", "[#C]", "[=C]", "[Branch1]", "[Ring1]", "[=Branch1]", "[S]", "[Ring2]")
    sequences = [
        MoleculeCodes(
            tuple(rng.choice(alphabet, size=size)), rng.integers(0, tokenizer.num_codes, size=size).astype(np.int16)
        )
        for size in rng.integers(1, 40, size=200)
    ]
    results = tokenizer.decode_each(sequences)
    assert len(results) == len(sequences)
    for result in results:
        assert isinstance(result, Molecule | BioMatrixError)
        if isinstance(result, Molecule):
            assert np.isfinite(result.coordinates).all()


def test_every_code_is_alive_and_distinct() -> None:
    tokenizer = MoleculeStructureTokenizer.from_pretrained()
    assert tokenizer.num_codes == 512
    assert tokenizer.code_features.shape[0] == 512
    assert np.isfinite(tokenizer.code_features).all()
    assert len(np.unique(tokenizer.code_features, axis=0)) == 512


def test_the_fingerprint_names_what_alters_codes() -> None:
    tokenizer, again = (MoleculeStructureTokenizer.from_pretrained() for _ in range(2))
    other = MoleculeStructureTokenizer.from_pretrained(closed_loop=False)
    assert again.fingerprint == tokenizer.fingerprint != other.fingerprint
