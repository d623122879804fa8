"""The generate command with the shipped model: answers, files, streams, and what is refused before it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import Protein
from biomatrix.errors import BioMatrixError
from biomatrix.generation import load, shipped_models
from biomatrix.generation.constraint_registry import parse_constraint
from biomatrix.generation.loading import SHIPPED as SHIPPED_FOLDER

from ..generation.completions_server import Server, serving
from ..vocabulary.conftest import chain_of

RUNNER = CliRunner()
SHIPPED = pytest.mark.skipif("nano" not in shipped_models(), reason="no model is shipped")


@SHIPPED
def test_a_fold_is_written_with_its_sequence(tmp_path: Path) -> None:
    target = tmp_path / "fold.pdb"
    asked = ["generate", "Fold", "--protein", "MKVLAAGWKR", "--answer", "protein_structure", "--length", "10"]
    result = RUNNER.invoke(app, [*asked, "-o", str(target), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    (answer,) = json.loads(result.stdout)
    assert answer["entity"]["written"] == "MKVLAAGWKR"
    assert Protein.from_file(target).sequence == "MKVLAAGWKR"


@SHIPPED
def test_a_stream_prints_what_is_printed_at_the_end(tmp_path: Path) -> None:
    asked = ["generate", "Write a protein.", "--entity", "molecule=CCO", "--answer", "protein_sequence"]
    asked += ["--length", "12", "--seed", "5"]
    whole = RUNNER.invoke(app, asked, catch_exceptions=False).stdout.strip()
    streamed = RUNNER.invoke(app, [*asked, "--stream"], catch_exceptions=False).stdout.strip()
    assert whole == f"<|prot_aa_start|>{streamed}<|prot_aa_end|>"
    assert streamed.count("<A ") == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--answer", "protein_structure", "-o", "x.sdf"], "records of kind molecule"),
        (["--answer", "dna", "-o", "x.pdb"], "no modality named 'dna'"),
        (["-o", "x.docx"], "not written as .docx"),
        (["--answer", "protein_structure", "-o", "fold.sdf"], "proteins are not written as sdf"),
        (["-o", "protein_structure"], "name it as --answer protein_structure"),
        (["--answer", "molecule_selfies", "--length", "-0"], "length is a whole number or a range"),
        (["--answer", "molecule_selfies", "--length", "9-3"], "length 9 to 3 is empty"),
        (["--stream", "--best-of", "2"], "leave out --best-of and --beams"),
        (["--constraint", "number=3"], "written LEAST..MOST; an example is number="),
        (["--answer", "molecule_selfies", "--length", str(2**70)], "length is at most"),
        (["--length", "5"], "text has no exact length"),
        (["--seed", "99999999999999999999"], r"a whole number from -2\^63 to 2\^63 - 1"),
        (["-n", "0"], "--num-samples is at least 1"),
        (["-n", str(2**70)], "--num-samples is at most 100,000"),
        (["--temperature", "nan"], "temperature is a number of at least 0"),
        (["--temperature", "-1"], "temperature is a number of at least 0"),
        (["--top-p", "0"], "--top-p is a number above 0"),
        (["--top-p", "nan"], "--top-p is a number above 0"),
        (["--as", "dna", "--protein", "MKV"], "no modality named 'dna'"),
        (["--protein", "mymol.fasta"], "No such file"),
        (["--stream", "--json"], "leave out --json"),
        (["--stream", "-n", "2"], "leave out --json and --num-samples"),
        (["--as", "protein_sequence"], "but none was given"),
    ],
)
def test_what_cannot_be_is_refused_before_the_model_is_asked(arguments: list[str], said: str) -> None:
    with pytest.raises(BioMatrixError, match=said):
        RUNNER.invoke(app, ["generate", "Go.", "--model", "no-such-model", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("typed", "said"),
    [(b"", "the prompt is empty"), (b" \n", "the prompt is empty"), (b"caf\xe9", "<stdin>: .*not UTF-8 text")],
)
def test_a_prompt_from_standard_input_is_text(typed: bytes, said: str) -> None:
    with pytest.raises(BioMatrixError, match=said):
        RUNNER.invoke(app, ["generate", "-", "--model", "no-such-model"], input=typed, catch_exceptions=False)


@SHIPPED
@pytest.mark.parametrize(("length", "allowed"), [("5-9", range(5, 10)), ("30-", range(30, 90)), ("1-4", range(1, 5))])
def test_a_range_of_lengths_is_kept(length: str, allowed: range) -> None:
    asked = ["generate", "Make.", "--answer", "protein_sequence,protein_structure", "--length", length, "-n", "3"]
    asked += ["--max-new-tokens", "180"]  # a budget, which an open end may fill
    result = RUNNER.invoke(app, [*asked, "--json"], catch_exceptions=False)
    for answer in json.loads(result.stdout):
        assert answer["text"].count("<A ") == answer["text"].count("<S ")
        assert answer["text"].count("<A ") in allowed
        assert answer["entity"]["has_structure"]


@SHIPPED
def test_answers_in_text_are_what_a_constraint_says() -> None:
    asked = ["generate", "How heavy is ethanol?", "--constraint", "number=1..500,1,g/mol", "-n", "4", "--json"]
    answers = json.loads(RUNNER.invoke(app, asked, catch_exceptions=False).stdout)
    for answer in answers:
        assert 1.0 <= answer["value"] <= 500.0
        assert answer["text"].endswith(" g/mol")
        assert answer["refused"] == {"count": 0, "reasons": []}
        assert sum(answer["token_logprobs"]) == pytest.approx(answer["logprob"])


@SHIPPED
def test_refused_drafts_are_told_of() -> None:
    asked = ["generate", "Make a molecule.", "--answer", "molecule_selfies", "-n", "4", "--constraint", "without=O"]
    result = RUNNER.invoke(app, [*asked, "--json"], catch_exceptions=False)
    refused = sum(one["refused"]["count"] for one in json.loads(result.stdout))
    assert refused > 0
    assert f"{refused} refused drafts" in RUNNER.invoke(app, asked, catch_exceptions=False).stderr
    once = RUNNER.invoke(app, [*asked, "--json", "--drafts", "1"], catch_exceptions=False)
    assert not any(one["refused"]["count"] for one in json.loads(once.stdout))


@SHIPPED
def test_unguided_answers_and_the_best_of_some() -> None:
    asked = ["generate", "Make.", "--answer", "protein_sequence", "--length", "6", "--json"]
    (best,) = json.loads(RUNNER.invoke(app, [*asked, "--best-of", "3"], catch_exceptions=False).stdout)
    assert best["candidates"] == 3
    assert isinstance(best["score"], float)
    (free,) = json.loads(RUNNER.invoke(app, [*asked, "--unguided"], catch_exceptions=False).stdout)
    assert (free["entity"] is None) == (free["error"] is not None)


def test_the_constraints_are_listed_with_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chain_of(60).to_file("motif.pdb")  # one example names this file
    listed = RUNNER.invoke(app, ["generate", "--list-constraints"], catch_exceptions=False)
    assert listed.exit_code == 0
    examples = [line for line in listed.stdout.splitlines() if line.startswith("--constraint")]
    assert "--constraint 'number=-5..5,2,kcal/mol'" in examples
    assert "--constraint 'yes-no'" in examples
    for line in examples:
        parse_constraint(line.removeprefix("--constraint '").removesuffix("'"))


@SHIPPED
def test_many_answers_are_one_file(tmp_path: Path) -> None:
    target = tmp_path / "x.sdf"
    asked = ["generate", "Make.", "--answer", "molecule_selfies", "-n", "5", "-o", str(target)]
    result = RUNNER.invoke(app, asked, catch_exceptions=False)
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["x.sdf"]
    count = target.read_text().count("$$$$")
    assert f"wrote {target}: {count} of 5 answers" in result.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that does not say whose its structure codes are, as published ones."""
    folder = tmp_path_factory.mktemp("published") / "model"
    folder.mkdir()
    for file in (SHIPPED_FOLDER / "nano").iterdir():
        if file.name != "biomatrix.json":
            (folder / file.name).hardlink_to(file)
    return folder


@SHIPPED
def test_a_missing_structure_tokenizer_is_named_by_an_option(published: Path, tmp_path: Path) -> None:
    asked = ["generate", "Make.", "--answer", "molecule_structure", "--model", str(published)]
    asked += ["--max-new-tokens", "60"]
    refused = RUNNER.invoke(app, asked, catch_exceptions=False)
    assert refused.exit_code == 1
    assert "--tokenizer molecule_structure=NAME" in refused.output
    texts = []
    for number, named in enumerate(["conditioned-512", "molecule_structure=conditioned-512"]):
        target = tmp_path / f"{number}.sdf"
        answered = RUNNER.invoke(app, [*asked, "--tokenizer", named, "-o", str(target)], catch_exceptions=False)
        assert answered.exit_code == 0, answered.output
        texts.append(target.read_text())
    assert texts[0] == texts[1]
    assert "V2000" in texts[0]


@SHIPPED
@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_many_answers_show_progress(monkeypatch: pytest.MonkeyPatch, quiet: list[str]) -> None:
    monkeypatch.setattr("biomatrix.generation.decoding._SECONDS", 0.0)
    asked = ["generate", "Make.", "--answer", "molecule_smiles", "-n", "6", *quiet]
    said = RUNNER.invoke(app, asked, catch_exceptions=False).stderr
    assert ("writing: 6 of 6 answers" in said) is (not quiet)
    assert ("writing:" in said) is (not quiet)


@SHIPPED
def test_a_server_answers_as_this_process_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMATRIX_API_KEY", "secret")
    asked = ["generate", "Write a protein.", "--answer", "protein_sequence", "--length", "7", "--temperature", "0"]
    expected = RUNNER.invoke(app, asked, catch_exceptions=False)
    with serving(Server(load("nano"), "extended", key="secret")) as server:
        named = ["--engine", "http", "--url", server.url, "--served-as", "nano-served", "--enforced-by", "processor"]
        for more in ([], ["--stream"]):
            found = RUNNER.invoke(app, [*asked, *named, *more], catch_exceptions=False)
            assert found.exit_code == 0, found.output
            assert found.stdout.strip() in expected.stdout
    monkeypatch.setattr("biomatrix.generation.json_client._FIRST_WAIT", 0.0)
    with pytest.raises(BioMatrixError, match="is not reached"):
        RUNNER.invoke(app, [*asked, *named], catch_exceptions=False)


@SHIPPED
def test_a_sequence_longer_than_a_file_name_is_a_value(tmp_path: Path) -> None:
    sequence = "MKTAYIAKQR" * 30
    asked = ["generate", "Fold.", "--protein", sequence, "--answer", "protein_structure", "--length", "300"]
    result = RUNNER.invoke(app, [*asked, "-o", str(tmp_path / "fold.pdb")], catch_exceptions=False)
    assert result.exit_code == 0
    assert Protein.from_file(tmp_path / "fold.pdb").sequence == sequence


def test_an_empty_modality_is_named() -> None:
    result = RUNNER.invoke(app, ["generate", "Make.", "--answer", ","])
    assert isinstance(result.exception, BioMatrixError)
    assert "--answer is a modality, or several with commas between" in str(result.exception)


@SHIPPED
def test_an_answer_is_no_longer_than_asked() -> None:
    asked = ["generate", "Write a protein.", "--answer", "protein_sequence", "--max-new-tokens", "9", "--json"]
    (answer,) = json.loads(RUNNER.invoke(app, asked, catch_exceptions=False).stdout)
    assert len(answer["token_logprobs"]) <= 10
