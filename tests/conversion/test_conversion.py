"""Files to wrapped lines and back: nothing lost, nothing silent."""

from __future__ import annotations

import gzip
import json
import weakref
from pathlib import Path
from random import Random

import pytest

from biomatrix.conversion import decode_from_lines, encode_to_lines, unwrap, wrap
from biomatrix.conversion.reading import Line
from biomatrix.entities import Modality, Molecule, Protein, default_modalities, modality, read_molecules, read_proteins
from biomatrix.errors import DecodeError, ParseError, UnsupportedError

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
    for one in default_modalities():
        assert unwrap(f"{one.start_token}{one.end_token}")[0] is one
    with pytest.raises(DecodeError, match="must start with one of"):
        unwrap("[C][O]")


def test_kinds_are_not_mixed_in_one_file(tmp_path: Path) -> None:
    source = tmp_path / "t.txt"
    source.write_text(
        "<|prot_aa_start|><A M><|prot_aa_end|>\n<|mol_sfi_start|>[C][O]<|mol_sfi_end|>\n", encoding="utf-8"
    )
    counts = decode_from_lines(str(source), tmp_path / "out.smi")
    assert (counts.succeeded, counts.rejected) == (1, 1)
    assert "of kind protein" in counts.first_rejects[0].reason
    assert (tmp_path / "out.smi").read_text(encoding="utf-8") == "CO\n"


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"nowhere\.txt"):
        decode_from_lines(str(tmp_path / "nowhere.txt"), tmp_path / "out")


def test_an_unknown_extension_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"\.docx"):
        decode_from_lines(str(tmp_path / "nowhere.txt"), tmp_path / "out.docx")


def test_names_come_back_as_titles_and_headers(tmp_path: Path) -> None:
    (tmp_path / "in.smi").write_text("CCO ethyl alcohol\n", encoding="utf-8")
    (tmp_path / "in.fasta").write_text(">seq_1 of something\nMKTAYIAKQRW\n", encoding="utf-8")
    for source, modality_name, out, first in (
        ("in.smi", "molecule_selfies", "out.smi", "CCO\tethyl alcohol"),
        ("in.smi", "molecule_smiles", "out.sdf", "ethyl alcohol"),
        ("in.fasta", "protein_sequence", "out.fasta", ">seq_1"),
    ):
        encode_to_lines(str(tmp_path / source), tmp_path / "t.jsonl", modalities=[modality_name])
        decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / out)
        assert (tmp_path / out).read_text(encoding="utf-8").splitlines()[0] == first


def test_lines_may_be_packed(tmp_path: Path, smiles_file: Path) -> None:
    counts = encode_to_lines(str(smiles_file), tmp_path / "t.jsonl.gz", modalities=["molecule_smiles"])
    assert gzip.decompress((tmp_path / "t.jsonl.gz").read_bytes()).count(b"\n") == counts.succeeded
    assert decode_from_lines(str(tmp_path / "t.jsonl.gz"), tmp_path / "out.smi").succeeded == len(SMILES)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff\xfe broken", "UTF-8"),
        (b'{"text": ' + b"[" * 100_000, "JSON"),
        (b'{"text": ' + b"1" * 10_000 + b"}", "JSON"),
        (b"<|mol_sfi_start|>" + b"[C]" * 1_400_000, "4,000,000"),
        (b'{"text": "x", "tokenizer": {"name": "default"}}', "fingerprint"),
        (b'{"text": "x", "labels": 3}', "labels"),
        (b'{"text": "<|mol_sfi_start|>[C][O]<|mol_sfi_end|>", "name": "a\\ud800"}', '"name" holds half'),
        (b'{"text": "<|mol_smi_start|>C\\uDC00<|mol_smi_end|>"}', '"text" holds half'),
        (b'{"text": "x", "labels": {"chain": ["\\ud800"]}}', '"labels" holds half'),
        (b'{"text": "x", "residues": {"\\ud800": 1}}', '"residues" holds half'),
    ],
)
def test_hostile_lines_are_refused_alone(tmp_path: Path, line: bytes, reason: str) -> None:
    good = b"<|mol_sfi_start|>[C][O]<|mol_sfi_end|>\n"
    (tmp_path / "t.txt").write_bytes(good + line + b"\n" + good)
    counts = decode_from_lines(str(tmp_path / "t.txt"), tmp_path / "out.smi")
    assert (counts.succeeded, counts.rejected) == (2, 1)
    assert counts.first_rejects[0].record == 2
    assert reason in counts.first_rejects[0].reason


def test_characters_written_as_a_pair_of_escapes_are_kept(tmp_path: Path) -> None:
    line = b'{"text": "<|mol_sfi_start|>[C][O]<|mol_sfi_end|>", "name": "\\ud83e\\uddea"}'
    (tmp_path / "t.txt").write_bytes(line)
    assert decode_from_lines(str(tmp_path / "t.txt"), tmp_path / "out.smi").succeeded == 1
    assert (tmp_path / "out.smi").read_text(encoding="utf-8") == "CO\t\N{TEST TUBE}\n"


def test_packed_lines_that_break_off_keep_what_came_before(tmp_path: Path) -> None:
    rng = Random(0)
    noise = "".join(f"{rng.randbytes(400).hex()}\n" for _ in range(4000))
    lines = f"<|mol_sfi_start|>[C][O]<|mol_sfi_end|>\n{noise}"
    (tmp_path / "t.txt.gz").write_bytes(gzip.compress(lines.encode())[:-200])
    counts = decode_from_lines(str(tmp_path / "t.txt.gz"), tmp_path / "out.smi")
    assert counts.succeeded == 1
    assert any("gzip" in reason for reason in counts.reasons)
    assert (tmp_path / "out.smi").read_text() == "CO\n"


def test_what_a_file_cannot_hold_is_refused_and_the_rest_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "t.txt"
    source.write_text("<|mol_sfi_start|>[C][O]<|mol_sfi_end|>\n" * 3, encoding="utf-8")
    counts = decode_from_lines(str(source), tmp_path / "out.mol")
    assert (counts.succeeded, counts.rejected) == (1, 2)
    assert Molecule.from_file(tmp_path / "out.mol").smiles == "CO"
    counts = decode_from_lines(str(source), tmp_path / "out.sdf")
    assert (counts.succeeded, counts.rejected) == (3, 0)


def test_records_are_written_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No list of entities grows with the file: each is gone before the next but one is decoded."""
    alive: list[weakref.ref[Molecule]] = []
    most = 0

    def decode_line(line: Line, tokenizer: str | None) -> tuple[Weighed, Modality]:
        nonlocal most
        most = max(most, sum(reference() is not None for reference in alive))
        entity = Weighed(Molecule.from_smiles("C" * line.number).mol)
        alive.append(weakref.ref(entity))
        return entity, modality("molecule_smiles")

    monkeypatch.setattr("biomatrix.conversion.decoding.decode_line", decode_line)
    (tmp_path / "t.txt").write_text("x\n" * 50, encoding="utf-8")
    assert decode_from_lines(str(tmp_path / "t.txt"), tmp_path / "out.smi").succeeded == 50
    assert most <= 2


class Weighed(Molecule):
    """A molecule that weak references can watch."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize("name", ["conditioned-512", "geometric-256"])
def test_a_tokenizer_that_nothing_uses_is_noted(tmp_path: Path, name: str) -> None:
    (tmp_path / "in.smi").write_text("CCO a\n")
    lines = tmp_path / "t.jsonl"
    counts = encode_to_lines(str(tmp_path / "in.smi"), lines, modalities=["molecule_smiles"], tokenizer=name)
    assert counts.notes == (f"the structure tokenizer {name!r} was not used: no record holds codes of a structure",)
    back = decode_from_lines(str(lines), tmp_path / "out.smi", tokenizer=name)
    assert back.notes == counts.notes
    assert back.succeeded == 1


def test_letters_of_bases_are_dna_and_say_so_unless_a_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "n.fasta").write_text(">n\n" + "ACGT" * 10 + "\n")
    encode_to_lines(str(tmp_path / "n.fasta"), tmp_path / "t.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["modality"] for line in lines] == ["dna_sequence", "dna_kmer"]
    assert all("codes of nucleotides" in line["notes"][0] for line in lines)
    counts = encode_to_lines(str(tmp_path / "n.fasta"), tmp_path / "t.jsonl", kind="protein")
    assert (counts.succeeded, counts.rejected) == (1, 0)


def test_a_modality_of_another_kind_refuses_no_record_that_one_of_its_kind_writes(tmp_path: Path) -> None:
    mixed = tmp_path / "complex.fasta"
    mixed.write_text(">A|protein\nMKTAYIAKQR\n>L|smiles\nCCO\n", encoding="utf-8")
    both = ["protein_sequence", "molecule_smiles"]
    counts = encode_to_lines(str(mixed), tmp_path / "both.jsonl", modalities=both)
    assert (counts.succeeded, counts.rejected) == (2, 0)
    counts = encode_to_lines(str(mixed), tmp_path / "one.jsonl", modalities=both[:1])
    assert (counts.succeeded, counts.rejected) == (1, 1)
    (reject,) = counts.first_rejects
    assert reject.reason == "protein_sequence: writes a Protein, not a Molecule"
