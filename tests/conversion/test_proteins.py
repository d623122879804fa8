"""Chains to tokens and back to files: residue names, numbers and oxygens are there, confidence is not invented."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biomatrix.conversion import decode_from_lines, encode_to_lines
from biomatrix.entities import Protein, ProteinStructureTokenizer, read_proteins
from biomatrix.metrics.geometry import place_atom
from biomatrix.metrics.superposition import rmsd

STEPS = ((1.329, 2.035, -0.82), (1.458, 2.124, np.pi), (1.525, 1.941, -1.05))
NUMBERS = np.array([*range(-1, 18), 18, 18, *range(30, 39)], dtype=np.int32)
TOKENIZERS = ("geometric-4096", "gcp_vqvae-4096")


@pytest.fixture
def chain() -> Protein:
    """Thirty residues of a helix; numbering starts at -1, has an insertion code and jumps; two are unresolved."""
    atoms = [np.array([0.0, 0.0, 0.0]), np.array([1.458, 0.0, 0.0]), np.array([2.0, 1.4, 0.0])]
    while len(atoms) < 90:
        for step in STEPS:
            atoms.append(np.asarray(place_atom(*atoms[-3:], *step)))
    backbone = np.asarray(atoms, dtype=np.float32).reshape(30, 3, 3)
    protein = Protein.from_backbone(backbone, "ACDEFGHIKLMNPQRSTVWYACDEFGHIKL", "helix", "B")
    codes = tuple("A" if index == 20 else "" for index in range(30))
    return replace(protein, residue_numbers=NUMBERS, insertion_codes=codes)


def round_trip(source: Path, folder: Path, tokenizer: str, suffix: str) -> Path:
    lines = folder / "t.jsonl"
    encode_to_lines(str(source), lines, modalities=["protein_structure"], tokenizer=tokenizer)
    counts = decode_from_lines(str(lines), folder / f"out{suffix}", tokenizer=tokenizer)
    assert (counts.succeeded, counts.rejected) == (1, 0)
    return folder / f"out{suffix}" if suffix else next((folder / "out").iterdir())


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize(("source", "suffix"), [("in.pdb", ""), ("in.pdb", ".cif"), ("in.cif", ".pdb")])
def test_residues_keep_names_numbers_and_chain(
    tmp_path: Path, chain: Protein, tokenizer: str, source: str, suffix: str
) -> None:
    chain.to_file(tmp_path / source)
    decoded = Protein.from_file(round_trip(tmp_path / source, tmp_path, tokenizer, suffix))
    assert decoded.sequence == chain.sequence
    assert decoded.chain == "B"
    assert decoded.residue_numbers is not None
    np.testing.assert_array_equal(decoded.residue_numbers, NUMBERS)
    assert decoded.insertion_codes == chain.insertion_codes
    assert decoded.backbone is not None
    assert chain.backbone is not None
    assert rmsd(decoded.backbone.reshape(-1, 3), chain.backbone.reshape(-1, 3)) < 5


def test_oxygens_are_rebuilt_and_no_confidence_is_claimed(tmp_path: Path, chain: Protein) -> None:
    chain.to_file(tmp_path / "in.pdb")
    text = round_trip(tmp_path / "in.pdb", tmp_path, "geometric-4096", "").read_text()
    atoms = [line for line in text.splitlines() if line.startswith("ATOM")]
    assert sum(line[12:16].strip() == "O" for line in atoms) == 30
    assert {line[60:66].strip() for line in atoms} == {"0.00"}


def test_tokens_alone_decode_to_unknown_residues(tmp_path: Path, chain: Protein) -> None:
    chain.to_file(tmp_path / "in.pdb")
    encode_to_lines(str(tmp_path / "in.pdb"), tmp_path / "t.jsonl", modalities=["protein_structure"])
    line = json.loads((tmp_path / "t.jsonl").read_text())
    (tmp_path / "bare.txt").write_text(line["text"] + "\n")
    decode_from_lines(str(tmp_path / "bare.txt"), tmp_path / "out")
    decoded = Protein.from_file(next((tmp_path / "out").iterdir()))
    assert decoded.sequence == "X" * 30
    assert decoded.residue_numbers is not None
    np.testing.assert_array_equal(decoded.residue_numbers, np.arange(1, 31))


@pytest.mark.parametrize("key", ["labels", "residues"])
@pytest.mark.parametrize(
    "labels",
    [
        {"sequence": "ACD"},
        {"sequence": 7},
        {"sequence": "A" * 30, "numbers": [1, 2]},
        {"sequence": "A" * 30, "numbers": ["1"] * 30},
        {"sequence": "A" * 30, "numbers": [10**12] * 30},
        {"sequence": "A" * 30, "numbers": [*range(29), 28]},
        {"sequence": "A" * 30, "numbers": [1] * 30, "insertion_codes": [*"ABCDEFGHIJKLMNOPQRSTUVWXYZabc", "A"]},
        {"sequence": "1" * 30},
        [],
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, chain: Protein, labels: object, key: str) -> None:
    chain.to_file(tmp_path / "in.pdb")
    encode_to_lines(str(tmp_path / "in.pdb"), tmp_path / "t.jsonl", modalities=["protein_structure"])
    line = json.loads((tmp_path / "t.jsonl").read_text())
    del line["labels"]
    (tmp_path / "t.jsonl").write_text(json.dumps(line | {key: labels}) + "\n")
    counts = decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "out")
    assert (counts.succeeded, counts.rejected) == (0, 1)


def test_lines_of_earlier_versions_keep_their_residues(tmp_path: Path, chain: Protein) -> None:
    chain.to_file(tmp_path / "in.pdb")
    encode_to_lines(str(tmp_path / "in.pdb"), tmp_path / "t.jsonl", modalities=["protein_structure"])
    line = json.loads((tmp_path / "t.jsonl").read_text())
    line["residues"] = line.pop("labels")
    (tmp_path / "t.jsonl").write_text(json.dumps(line) + "\n")
    decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "out")
    assert Protein.from_file(next((tmp_path / "out").iterdir())).sequence == chain.sequence


def test_a_line_names_the_only_tokenizer_that_reads_it(tmp_path: Path, chain: Protein) -> None:
    chain.to_file(tmp_path / "in.pdb")
    lines = tmp_path / "t.jsonl"
    encode_to_lines(str(tmp_path / "in.pdb"), lines, modalities=["protein_structure"], tokenizer="gcp_vqvae-4096")
    wanted = ProteinStructureTokenizer.from_pretrained("gcp_vqvae-4096").fingerprint
    assert json.loads(lines.read_text())["tokenizer"]["fingerprint"] == wanted
    given = decode_from_lines(str(lines), tmp_path / "given.pdb", tokenizer="gcp_vqvae-4096")
    found = decode_from_lines(str(lines), tmp_path / "found.pdb")
    other = decode_from_lines(str(lines), tmp_path / "other.pdb", tokenizer="geometric-4096")
    assert (given.succeeded, found.succeeded, other.succeeded) == (1, 1, 0)
    assert (tmp_path / "given.pdb").read_bytes() == (tmp_path / "found.pdb").read_bytes()
    assert not (tmp_path / "other.pdb").exists()
    assert wanted in other.first_rejects[0].reason
    line = json.loads(lines.read_text()) | {"tokenizer": {"name": "mine", "fingerprint": "0" * 12}}
    lines.write_text(json.dumps(line) + "\n")
    unknown = decode_from_lines(str(lines), tmp_path / "unknown.pdb")
    assert unknown.succeeded == 0
    assert "not among the shipped ones" in unknown.first_rejects[0].reason


@pytest.mark.parametrize(
    ("extension", "names"),
    [("pdb", ["A", "B", "D", "C"]), ("cif", ["A", "B", "A2", "C"]), ("bcif", ["A", "B", "A2", "C"])],
)
def test_chains_of_one_identifier_are_told_apart_in_one_file(
    tmp_path: Path, chain: Protein, extension: str, names: list[str]
) -> None:
    lines = []
    for number, letter in enumerate("ABAC"):
        replace(chain, chain=letter).to_file(tmp_path / "in.pdb")
        encode_to_lines(str(tmp_path / "in.pdb"), tmp_path / "t.jsonl", modalities=["protein_structure"])
        line = json.loads((tmp_path / "t.jsonl").read_text())
        lines.append(json.dumps(line | {"name": f"helix number {number}"}) + "\n")
    (tmp_path / "all.jsonl").write_text("".join(lines))
    out = tmp_path / f"out.{extension}"
    counts = decode_from_lines(str(tmp_path / "all.jsonl"), out)
    assert (counts.succeeded, counts.rejected) == (4, 0)
    assert "1 chain identifiers that were taken" in counts.as_text()
    found = [one for one in read_proteins(out) if isinstance(one, Protein)]
    assert [one.chain for one in found] == names
    assert {one.sequence for one in found} == {chain.sequence}
    if extension != "bcif":
        text = out.read_text()
        assert all(f"helix number {number}" in text for number in range(4))
        assert ("REMARK   6 CHAIN D IS CHAIN 'A'" if extension == "pdb" else "chain A of its source") in text


@pytest.mark.parametrize("extension", ["pdb", "cif"])
def test_the_name_of_one_chain_is_its_title(tmp_path: Path, chain: Protein, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    long = "a 'helix' of thirty residues " * 5
    replace(chain, name=long).to_file(path)
    words = "".join(line[10:].rstrip() if line.startswith("TITLE") else line for line in path.read_text().splitlines())
    assert "".join(long.split()) in "".join(words.split())
    assert Protein.from_file(path).sequence == chain.sequence
