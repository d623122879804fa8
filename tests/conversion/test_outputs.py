"""Paths that coincide, and folders where a file is meant, are refused before anything is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from biomatrix.conversion import decode_from_lines, encode_to_lines
from biomatrix.errors import ConfigurationError

LINE = "<|mol_sfi_start|>[C][O]<|mol_sfi_end|>\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of molecules, the same under another name, lines of tokens and a sub-folder."""
    monkeypatch.chdir(tmp_path)
    Path("a.smi").write_text("CCO x\n")
    Path("link.smi").symlink_to("a.smi")
    Path("t.txt").write_text(LINE)
    Path("out.rejects.jsonl").write_text(LINE)
    Path("sub").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("output", "rejects", "reason"),
    [
        ("out", "out", "same file"),
        ("out", "sub/../out", "same file"),
        ("a.smi", None, "same file"),
        ("link.smi", None, "same file"),
        ("out", "a.smi", "same file"),
        ("-", "a.smi", "same file"),
        (".", None, "folder"),
        ("..", None, "folder"),
        ("/", None, "folder"),
        ("sub", None, "folder"),
        ("out", "sub", "folder"),
        ("out", "-", "standard output"),
    ],
)
def test_encoding_keeps_its_files_apart(here: Path, output: str, rejects: str | None, reason: str) -> None:
    before = sorted(os.listdir(here))
    with pytest.raises(ConfigurationError, match=reason):
        encode_to_lines("a.smi", Path(output), rejects=Path(rejects) if rejects else None)
    assert sorted(os.listdir(here)) == before
    assert Path("a.smi").read_text() == "CCO x\n"


@pytest.mark.parametrize(
    ("file", "output", "rejects", "reason"),
    [
        ("t.txt", "out.smi", "out.smi", "same file"),
        ("t.txt", "t.txt", None, "same file"),
        ("t.txt", "out.smi", "t.txt", "same file"),
        ("out.rejects.jsonl", "out", None, "same file"),
        ("t.txt", "sub", "sub", "folder"),
        ("t.txt", "-", None, "standard output"),
    ],
)
def test_decoding_keeps_its_files_apart(here: Path, file: str, output: str, rejects: str | None, reason: str) -> None:
    before = sorted(os.listdir(here))
    with pytest.raises(ConfigurationError, match=reason):
        decode_from_lines(file, Path(output), rejects=Path(rejects) if rejects else None)
    assert sorted(os.listdir(here)) == before
    assert Path(file).read_text() == LINE


def test_a_dash_is_standard_output(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = encode_to_lines("a.smi", Path("-"), modalities=["molecule_smiles"])
    assert json.loads(capsys.readouterr().out)["name"] == "x"
    assert counts.rejects_file is None
    assert not Path("-").exists()


def test_the_present_folder_takes_decoded_files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "sub")
    assert decode_from_lines("../t.txt", Path()).succeeded == 1
    assert os.listdir() == ["00001_molecule_selfies.selfies"]
    assert (here / "sub.rejects.jsonl").exists()


def test_a_long_name_is_cut_to_what_a_file_name_may_be(here: Path) -> None:
    Path("t.txt").write_text(json.dumps({"text": LINE, "name": "\N{CJK UNIFIED IDEOGRAPH-20000}" * 300}))
    assert decode_from_lines("t.txt", Path("named")).succeeded == 1
    assert len(os.listdir("named")) == 1


def test_a_file_is_no_folder_for_decoded_files(here: Path) -> None:
    Path("taken").write_text("")
    with pytest.raises(ConfigurationError, match="taken"):
        decode_from_lines("t.txt", Path("taken"))


def test_a_slash_at_the_end_says_folder(here: Path) -> None:
    Path("t.txt").write_text("<|mol_smi_start|>CCO<|mol_smi_end|>\n")
    assert decode_from_lines("t.txt", "out_v1.0/").succeeded == 1
    assert len(list(Path("out_v1.0").glob("*.smi"))) == 1


def test_a_default_name_of_rejects_that_is_too_long_says_which_option_names_it(here: Path) -> None:
    output = Path("n" * 249 + ".jsonl")
    with pytest.raises(ConfigurationError, match="too long; name the file of rejects with --rejects"):
        encode_to_lines("a.smi", output, modalities=["molecule_smiles"])
    assert encode_to_lines("a.smi", output, modalities=["molecule_smiles"], rejects=Path("r")).succeeded == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"text": "<|mol_sfi_start|>[C]<|mol_sfi_end|>"}]\n', "a JSON array"),
        ("[\n", "a JSON array"),
        (LINE.strip() + LINE, "goes on behind <|mol_sfi_end|>"),
    ],
)
def test_several_entities_in_one_line_are_told_apart_by_the_reason(here: Path, content: str, reason: str) -> None:
    Path("t.txt").write_text(content)
    counts = decode_from_lines("t.txt", Path("back.smi"))
    assert counts.succeeded == 0
    assert reason in counts.as_text()
