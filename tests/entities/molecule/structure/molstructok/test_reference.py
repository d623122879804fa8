"""``reference=True`` stops and errs where the published tokenizer does, whatever the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.molstructok.reference import parse_tokens, token_text
from biomatrix.errors import ConfigurationError, DecodeError, UnsupportedError


@pytest.fixture(scope="module")
def reference(published_weights: Path) -> MoleculeStructureTokenizer:
    return MoleculeStructureTokenizer.from_pretrained(published_weights, reference=True)


@pytest.fixture(scope="module")
def usual(published_weights: Path) -> MoleculeStructureTokenizer:
    return MoleculeStructureTokenizer.from_pretrained(published_weights, closed_loop=False)


def placed(smiles: str, positions: object) -> Molecule:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(positions, dtype=np.float64))
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    return Molecule(mol)


def test_ordinary_molecules_get_the_same_codes(
    reference: MoleculeStructureTokenizer, usual: MoleculeStructureTokenizer
) -> None:
    molecules = [Molecule.from_smiles(smiles).embed(seed=1) for smiles in ("CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O")]
    for a, b in zip(reference.encode(molecules), usual.encode(molecules), strict=True):
        assert token_text(a) == token_text(b)
        back, other = reference.decode([a])[0], usual.decode([b])[0]
        np.testing.assert_array_equal(back.mol.GetConformer().GetPositions(), other.mol.GetConformer().GetPositions())
        assert (back.has_conformer, other.has_conformer) == (False, True)  # published conformers are flagged 2D
    assert reference.fingerprint != usual.fingerprint


@pytest.mark.parametrize(
    ("smiles", "words"),
    [
        ("O", r"AssertionError: Expected more than 4 neighbors \(in dim=1\), got \(3, 2, 3\)"),
        ("CC(=O)[O-].[Na+]", "IndexError: index 7 is out of bounds for dimension 0 with size 7"),
        ("CCO.CCN", "IndexError: list index out of range"),
        ("*CCO", "EncoderError"),
    ],
)
def test_it_stops_where_the_published_one_does(reference: MoleculeStructureTokenizer, smiles: str, words: str) -> None:
    size = Chem.AddHs(Chem.MolFromSmiles(smiles)).GetNumAtoms()
    molecule = placed(smiles, np.random.default_rng(0).normal(scale=3.0, size=(size, 3)))
    with pytest.raises(UnsupportedError, match=words):
        reference.encode([molecule])


def test_no_conformer(reference: MoleculeStructureTokenizer) -> None:
    with pytest.raises(UnsupportedError, match="ValueError: Bad Conformer Id"):
        reference.encode([Molecule.from_smiles("CCO")])


def test_atoms_exactly_on_a_line_get_code_0(
    reference: MoleculeStructureTokenizer, usual: MoleculeStructureTokenizer
) -> None:
    along = {0: 1.06, 1: 2.26, 2: 3.63, 3: 4.83, 4: 0.0, 5: 5.89}
    straight = placed("C#CC#C", [[along[k], 0.0, 0.0] for k in range(6)])
    assert reference.encode([straight])[0].atom_codes[3:].tolist() == [0, 0, 0]
    assert (usual.encode([straight])[0].atom_codes[3:] != 0).all()


def test_what_hangs_on_the_first_atom_gets_no_position(
    reference: MoleculeStructureTokenizer, usual: MoleculeStructureTokenizer
) -> None:
    text = "[C 3][Branch1 -1][C -1][H 8][Branch1 -1][C -1][H 40][Branch1 -1][C -1][H 140][O 130][H 131]"
    codes = parse_tokens(text)
    positions = reference.decode([codes])[0].mol.GetConformer().GetPositions()
    assert np.isnan(positions).all(axis=1).tolist() == [False, False, False, True, True, True]
    assert np.isfinite(usual.decode([codes])[0].mol.GetConformer().GetPositions()).all()


@pytest.mark.parametrize(
    ("text", "symbols", "codes"),
    [
        ("[H 3] [C 0] then.[Cl 5]", ("[H]", "[C]", "[Cl]"), (3, 0, 5)),
        ("[H   3 9][C\t-1]", ("[H]", "[C]"), (3, -1)),
        ("[[H 3][C 99999]", ("[H]", "[C]"), (3, 32767)),
        ("", (), ()),
    ],
)
def test_token_text_is_scanned(text: str, symbols: tuple[str, ...], codes: tuple[int, ...]) -> None:
    parsed = parse_tokens(text)
    assert parsed.symbols == symbols
    assert tuple(parsed.codes.tolist()) == codes


@pytest.mark.parametrize(("text", "words"), [("[H 3][C]", "IndexError"), ("[H 3][C x]", "ValueError")])
def test_a_token_without_a_code_is_named(text: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words) as caught:
        parse_tokens(text)
    assert caught.value.position == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[H 3][C 0][Branch1 7][C -1][H 4][H 5]", r"num_atoms: 4, len\(feats\): 5"),
        ("[H 3][C 0][H -1]", r"num_atoms: 3, len\(feats\): 2"),
        ("[H 3][C 0][H 512]", "IndexError"),
        ("[H 3][C 0][Xyz 5]", "DecoderError"),
        ("", "RuntimeError"),
    ],
)
def test_codes_are_only_counted(reference: MoleculeStructureTokenizer, text: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        reference.decode([parse_tokens(text)])


def test_a_code_on_a_branch_shifts_those_after_it(
    reference: MoleculeStructureTokenizer, usual: MoleculeStructureTokenizer
) -> None:
    """The count is right, so nothing stops, and the atoms after the branch take each other's codes."""
    shifted = parse_tokens("[H 3][C 0][Branch1 40][C -1][H 41][O 42][H -1]")
    straight = parse_tokens("[H 3][C 0][Branch1 -1][C -1][H 40][O 41][H 42]")
    a, b = (reference.decode([codes])[0].mol.GetConformer().GetPositions() for codes in (shifted, straight))
    np.testing.assert_array_equal(a, b)
    assert isinstance(usual.decode_each([shifted])[0], DecodeError)


def test_text_round_trip() -> None:
    codes = MoleculeCodes(("[H]", "[C]", "[Branch1]", "[C]", "[O-1]"), np.array([3, 0, -1, -1, 127], dtype=np.int16))
    assert token_text(codes) == "[H 3][C 0][Branch1 -1][C -1][O-1 127]"
    again = parse_tokens(token_text(codes))
    assert again.symbols == codes.symbols
    np.testing.assert_array_equal(again.codes, codes.codes)


def test_other_architectures_have_no_reference() -> None:
    with pytest.raises(ConfigurationError, match=r"conditioned.*takes no option 'reference'"):
        MoleculeStructureTokenizer.from_pretrained("conditioned-512", reference=True)
