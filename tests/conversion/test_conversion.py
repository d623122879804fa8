"""Files to wrapped lines and back: nothing lost, nothing silent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from biomatrix.conversion import decode_from_lines, encode_to_lines, unwrap, wrap
from biomatrix.entities import Molecule, Protein, modalities, modality, read_molecules, read_proteins
from biomatrix.errors import ConfigurationError, DecodeError, ParseError

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "F/C=C/F", "[Na+].[Cl-]", "[13CH4]"]


@pytest.fixture
def smiles_file(tmp_path: Path) -> Path:
    path = tmp_path / "in.smi"
    path.write_text("".join(f"{smiles} m{index}\n" for index, smiles in enumerate(SMILES)), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies"])
def test_molecules_survive_the_round_trip(tmp_path: Path, smiles_file: Path, name: str) -> None:
    lines = tmp_path / "tokens.jsonl"
    counts = encode_to_lines(str(smiles_file), lines, modalities=[name])
    assert (counts.succeeded, counts.rejected) == (len(SMILES), 0)
    assert decode_from_lines(str(lines), tmp_path / "out.smi").succeeded == len(SMILES)
    decoded = [item for item in read_molecules(tmp_path / "out.smi") if isinstance(item, Molecule)]
    assert [item.smiles for item in decoded] == [Molecule.from_smiles(smiles).smiles for smiles in SMILES]


def test_sequences_survive_the_round_trip(tmp_path: Path) -> None:
    source = tmp_path / "in.fasta"
    source.write_text(">a\nMKTAYIAKQR\n>b\nGGGUXBZ\n", encoding="utf-8")
    counts = encode_to_lines(str(source), tmp_path / "t.jsonl")
    assert counts.succeeded == 2  # sequences alone: no structure modality is tried
    decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "out.fasta")
    decoded = [item for item in read_proteins(tmp_path / "out.fasta") if isinstance(item, Protein)]
    assert [item.sequence for item in decoded] == ["MKTAYIAKQR", "GGGUXBZ"]


def test_structures_are_written_one_file_each(tmp_path: Path) -> None:
    Molecule.from_smiles("CCO").embed(seed=1).to_file(tmp_path / "ethanol.sdf")
    encode_to_lines(str(tmp_path / "ethanol.sdf"), tmp_path / "t.jsonl", modalities=["molecule_structure"])
    counts = decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "decoded")
    (path,) = (tmp_path / "decoded").iterdir()
    assert counts.succeeded == 1
    assert Molecule.from_file(path).has_structure


def test_bad_records_are_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = tmp_path / "in.smi"
    source.write_text("CCO good\nnot_a_smiles bad\nCCN good\n", encoding="utf-8")
    counts = encode_to_lines(str(source), tmp_path / "t.jsonl", modalities=["molecule_selfies"])
    assert (counts.succeeded, counts.rejected) == (2, 1)
    (reject,) = (tmp_path / "t.jsonl.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(reject)["record"] == 2
    assert "t.jsonl.rejects.jsonl" in counts.as_json()


def test_asked_modality_that_cannot_be_written_is_a_reject(tmp_path: Path, smiles_file: Path) -> None:
    counts = encode_to_lines(str(smiles_file), tmp_path / "t.jsonl", modalities=["molecule_structure"])
    assert (counts.succeeded, counts.rejected) == (0, len(SMILES))
    assert all("molecule_structure" in reason for reason in counts.reasons)


def test_bad_lines_are_listed_with_their_number(tmp_path: Path) -> None:
    source = tmp_path / "t.txt"
    source.write_text(
        "<|mol_sfi_start|>[C][O]<|mol_sfi_end|>\n"
        "no control token\n"
        "{broken json\n"
        '{"text": 3}\n'
        "<|mol_sfi_start|>[C][O]\n"
        "<|prot_aa_start|><A M><A ?><|prot_aa_end|>\n",
        encoding="utf-8",
    )
    counts = decode_from_lines(str(source), tmp_path / "out.smi")
    rejects = (tmp_path / "out.smi.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert counts.succeeded == 1
    assert [json.loads(line)["record"] for line in rejects] == [2, 3, 4, 5, 6]


def test_wrapping_is_undone_by_unwrapping() -> None:
    for name, tokens in (
        ("molecule_selfies", ["[C]", "[=C]", ".", "[Na+1]"]),
        ("molecule_structure", ["[C 3]", "[Ring1 -1]", "[C -1]"]),
        ("protein_sequence", ["<A M>", "<A X>"]),
        ("protein_structure", ["<S 0>", "<S -1>"]),
    ):
        assert unwrap(wrap(tokens, modality(name))) == (modality(name), tokens)
    smiles, pieces = unwrap(wrap(["C", "(", "=O)", "O"], modality("molecule_smiles")))
    assert (smiles.name, "".join(pieces)) == ("molecule_smiles", "C(=O)O")


def test_every_modality_is_recognised_by_its_start() -> None:
    for one in modalities():
        assert unwrap(f"{one.start_token}{one.end_token}")[0] is one
    with pytest.raises(DecodeError, match="must start with one of"):
        unwrap("[C][O]")


def test_kinds_are_not_mixed_in_one_file(tmp_path: Path) -> None:
    source = tmp_path / "t.txt"
    source.write_text("<|prot_aa_start|><A M><|prot_aa_end|>\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="of kind protein"):
        decode_from_lines(str(source), tmp_path / "out.smi")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"nowhere\.txt"):
        decode_from_lines(str(tmp_path / "nowhere.txt"), tmp_path / "out")
